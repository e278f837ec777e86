/* SPDX-License-Identifier: ISC */
/* libFuzzer on PID 1's end of the control helper's socket pair. Services in
 * every state get the input as records; what each record may do is worked out
 * here again, by other means, and everything else has to stay as it was.
 *
 * The input is a row of steps: a byte of STEP_ bits, a length, and so many
 * bytes of a record. No process is started, and no signal is ever sent. */
#include "tests/unit/supervisor_fixture.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "init/pid1/control_commands.h"
#include "init/pid1/reload.h"
#include "init/kernel/spawn.h"
#include "init/service/dependency_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	STEP_SHORT = 1,     /* of that size; else zeros fill it up */
	STEP_TWICE = 2,     /* send it again */
	STEP_RELOAD = 12,   /* two bits: what a reload answers */
	STEP_STOPPING = 16, /* dashpot stops from here on */
	STEP_RENUMBER = 32, /* a reload has come before it */
	STEP_MOVE = 64,     /* who waits runs, who is stopping has stopped */
};

/* The services, as they are declared. */
enum {
	STOPPED,
	WAITING,
	RUNNING,
	BACKOFF,
	BLOCKED,
	STOPPING,
	DONE,
	FAILED,
	LATCHED,
	BEFORE_EXEC, /* its child has not executed yet */
	REMOVED,
	SERVICES,
};

/* clang-format off */
#define SERVICE(name) "[service:" name "]\ncommand = x\n"

static const char text[] =
	SERVICE("stopped") "autostart = no\n"
	SERVICE("waiting") "requires = running\n"
	SERVICE("running")
	SERVICE("backoff")
	SERVICE("blocked") "max_failures = 1 in 1m\ncooldown = 1m..5m\n"
	SERVICE("stopping")
	SERVICE("done") "type = oneshot\n"
	SERVICE("failed") "restart = never\n"
	SERVICE("latched") "max_failures = 1 in 1m\nmax_trips = 1\n"
	SERVICE("before")
	SERVICE("removed");
/* clang-format on */

/* What a command can change about the services. */
struct snapshot {
	struct service service[SERVICES];
	struct breaker breaker[SERVICES];
	int64_t next_ms[SERVICES];
	pid_t leader[SERVICES];
	uint64_t events;
};

static bool may_change(const struct command_set *set, uint32_t i);

static struct snapshot begin; /* of every input */
static struct sup sup_begin;
static int ends[2];           /* PID 1's end, the helper's */
static int verdict[2];        /* nobody ever writes there */
static struct command_set meant; /* kill(2) may reach these ... */
static bool is_signal;        /* a COMMAND_SIGNAL is being done */
static unsigned reloads;      /* reload_by_command() was called */
static uint32_t reload_error; /* and answers so */
static struct command_answer known[SUP_ANSWERS]; /* as in struct sup ... */
static uint64_t knowns;       /* ... and how many there were */

static void die(const char *why)
{
	fprintf(stderr, "fuzz_control_commands: %s\n", why);
	abort();
}

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	const pid_t leader = pid < 0 ? -pid : pid;
	const uint32_t i = (uint32_t)(leader - pid_of(0));

	if (leader < pid_of(0) || i >= SERVICES || i == REMOVED)
		die("a signal to no service");
	if (!may_change(&meant, i) || sup.service[i].pid != leader)
		die("a signal to another service");
	if (is_signal && number != 0 && sup.service[i].verdict_fd >= 0)
		die("a signal to what does not execute yet");
	if (number < 0 || number > 64)
		die("a signal that does not exist");
	return note_kill(pid, number);
}

pid_t __wrap_clone_process(void);
pid_t __wrap_clone_process(void)
{
	die("a process was started");
	return -1;
}

uint32_t __wrap_reload_by_command(struct sup *which, int32_t *err);
uint32_t __wrap_reload_by_command(struct sup *which, int32_t *err)
{
	if (which != &sup)
		die("a reload of nothing");
	reloads++;
	*err = reload_error == COMMAND_NO_FORK ? EAGAIN : 0;
	return reload_error;
}

/* --- The world --------------------------------------------------------- */

static void save(struct snapshot *to)
{
	memcpy(to->service, sup.service, sizeof(to->service));
	memcpy(to->breaker, sup.breaker, sizeof(to->breaker));
	memcpy(to->next_ms, sup.next_ms, sizeof(to->next_ms));
	memcpy(to->leader, sup.leader, sizeof(to->leader));
	to->events = atomic_load(&sup.boards.board->events);
}

static void remove_service(uint32_t i)
{
	struct config *c = malloc(loaded.c->size);

	if (c == NULL)
		die("no memory");
	memcpy(c, loaded.c, loaded.c->size);
	((struct config_service *)(uintptr_t)config_service(c, i))
		->is_removed = true;
	sup.config = c;
}

static void bring_about(void)
{
	sup_with(text);
	memset(&meant, 0xff, sizeof(meant));
	for (uint32_t i = RUNNING; i <= LATCHED; i++)
		if (i != BLOCKED)
			run(i);
	block(BLOCKED);
	ended(BACKOFF, 1 << 8);
	service_stop(&sup, STOPPING, false);
	ended(DONE, 0);
	ended(FAILED, 1 << 8);
	ended(LATCHED, 1 << 8);
	spawned(BEFORE_EXEC);
	service_take(&sup, REMOVED, LIFE_STOP);
	remove_service(REMOVED);
	for (uint32_t i = 0; i < SERVICES; i++) {
		static const enum life_state is[SERVICES] = {
			[STOPPED] = LIFE_STOPPED, [WAITING] = LIFE_WAITING,
			[RUNNING] = LIFE_RUNNING, [BACKOFF] = LIFE_BACKOFF,
			[BLOCKED] = LIFE_BLOCKED, [STOPPING] = LIFE_STOPPING,
			[DONE] = LIFE_DONE,	  [FAILED] = LIFE_FAILED,
			[LATCHED] = LIFE_FAILED,  [REMOVED] = LIFE_STOPPED,
			[BEFORE_EXEC] = LIFE_STARTING,
		};

		if (sup.service[i].state != is[i])
			die("a service is not in its state");
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) < 0 ||
	    pipe2(verdict, O_NONBLOCK) < 0)
		die("no socket");
	sup.command_fd = ends[0];
	save(&begin);
	sup_begin = sup;
}

static void begin_again(void)
{
	if (sup.config == NULL)
		bring_about();
	sup = sup_begin;
	memcpy(sup.service, begin.service, sizeof(begin.service));
	memcpy(sup.next_ms, begin.next_ms, sizeof(begin.next_ms));
	memcpy(sup.leader, begin.leader, sizeof(begin.leader));
	sup.service[BEFORE_EXEC].verdict_fd = dup(verdict[0]);
	if (sup.service[BEFORE_EXEC].verdict_fd < 0)
		die("no descriptor");
	memset(&killed, 0, sizeof(killed));
	reloads = 0;
	knowns = 0;
}

/* What the loop would make of it: starts succeed, stops are obeyed. */
static void move(void)
{
	memset(&meant, 0xff, sizeof(meant));
	sup.now_ms += 1000;
	for (uint32_t i = 0; i < SERVICES; i++) {
		if (sup.service[i].state == LIFE_WAITING)
			run(i);
		else if (sup.service[i].state == LIFE_STOPPING &&
			 sup.service[i].pid > 0)
			ended(i, SIGTERM);
	}
}

/* --- What has to be ---------------------------------------------------- */

/* What PID 1 has to answer to a record that it does not know. */
static uint32_t error_of(const struct command *c)
{
	static const struct command_set none;
	struct command_set of = c->services;

	if (c->id == 0 || c->kind >= COMMAND_KINDS ||
	    (c->kind == COMMAND_SIGNAL && (c->signal < 1 || c->signal > 64)))
		return COMMAND_WRONG;
	if (sup.stop.phase != STOP_NOT)
		return COMMAND_STOPPING;
	if (c->kind == COMMAND_RELOAD)
		return reload_error;
	if (c->config != sup.reloads)
		return COMMAND_STALE;
	if (memcmp(&of, &none, sizeof(of)) == 0)
		return c->kind == COMMAND_SWEEP ? 0 : COMMAND_WRONG;
	of.word[0] &= ~((1U << REMOVED) - 1);
	return memcmp(&of, &none, sizeof(of)) == 0 ? 0 : COMMAND_WRONG;
}

static const struct command_answer *known_of(uint64_t id)
{
	for (uint64_t k = 0; k < SUP_ANSWERS && k < knowns; k++)
		if (known[k].id == id)
			return &known[k];
	return NULL;
}

/* Nothing touched it: copied as a whole, its padding is the same too. */
static bool is_untouched(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size) == 0;
}

/* Service i is as it was. */
static bool is_same(const struct snapshot *was, uint32_t i)
{
	return is_untouched(&was->service[i], &sup.service[i],
			    sizeof(was->service[i])) &&
	       is_untouched(&was->breaker[i], &sup.breaker[i],
			    sizeof(was->breaker[i])) &&
	       was->next_ms[i] == sup.next_ms[i] &&
	       was->leader[i] == sup.leader[i];
}

/* A stop looks at once at who else it stops. */
static bool may_change(const struct command_set *set, uint32_t i)
{
	return command_has(set, i) ||
	       (i == WAITING && command_has(set, RUNNING));
}

/* Only services of the set, and who requires them, have changed, and all make
 * sense. */
static void check_services(const struct snapshot *was,
			   const struct command_set *set)
{
	uint32_t waiting = 0;

	for (uint32_t i = 0; i < SERVICES; i++) {
		if (!may_change(set, i) && !is_same(was, i))
			die("a service changed that was not meant");
		if ((unsigned)sup.service[i].state >= LIFE_STATES)
			die("a state that does not exist");
		waiting += sup.service[i].state == LIFE_WAITING;
	}
	if (waiting != sup.waiting)
		die("the queue is miscounted");
}

/* The answer to this command, after what it did. */
static void check_answer(const struct command *c,
			 const struct command_answer *known_one,
			 uint32_t error)
{
	struct command_answer answer;

	if (recv(ends[1], &answer, sizeof(answer), 0) != sizeof(answer))
		die("no answer");
	if (answer.id != c->id)
		die("an answer to somebody else");
	if (known_one != NULL) {
		if (memcmp(&answer, known_one, sizeof(answer)) != 0)
			die("another answer to the same command");
		return;
	}
	if (answer.error != error)
		die("another error");
	for (uint32_t k = 0; k < COMMAND_WORDS; k++)
		if (answer.refused.word[k] & ~(error ? 0 :
					       c->services.word[k]))
			die("refused for whom nobody asked");
	if (!error)
		known[knowns++ % SUP_ANSWERS] = answer;
}

/* One record of any size, and everything that it may do. */
static void send_one(const void *record, size_t size)
{
	static const struct command_set nobody;
	const struct command_answer *again = NULL;
	struct command c = { .kind = COMMAND_KINDS };
	const bool is_whole = size == sizeof(c);
	static struct snapshot was;
	const unsigned reloads_were = reloads;
	uint64_t said;
	char more;
	uint32_t error = COMMAND_WRONG;

	if (is_whole) {
		memcpy(&c, record, size);
		again = known_of(c.id);
		error = error_of(&c);
	}
	/* As the loop does before it listens. */
	memset(&meant, 0xff, sizeof(meant));
	is_signal = false;
	follow_tree();
	meant = again || error || c.kind == COMMAND_RELOAD ? nobody :
							      c.services;
	is_signal = c.kind == COMMAND_SIGNAL;
	save(&was);
	if (send(ends[1], record, size, 0) != (ssize_t)size)
		die("a record cannot be sent");
	control_commands_run(&sup);
	said = atomic_load(&sup.boards.board->events) - was.events;
	is_signal = false;
	check_services(&was, &meant);
	if (memcmp(&meant, &nobody, sizeof(nobody)) == 0 && said != 0)
		die("an event about nothing");
	if (reloads - reloads_were !=
	    (is_whole && !again && c.kind == COMMAND_RELOAD && c.id != 0 &&
	     sup.stop.phase == STOP_NOT))
		die("a reload that nobody asked for, or none");
	if (is_whole)
		check_answer(&c, again, error);
	if (recv(ends[1], &more, 1, 0) >= 0)
		die("one answer too many");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin_again();
	while (size >= 2) {
		const unsigned step = data[0];
		size_t len = data[1];
		char record[UINT8_MAX + sizeof(struct command)] = { 0 };

		data += 2;
		size -= 2;
		len = len < size ? len : size;
		memcpy(record, data, len);
		data += len;
		size -= len;
		if (!(step & STEP_SHORT))
			len = sizeof(struct command);
		if (step & STEP_MOVE)
			move();
		if (step & STEP_STOPPING)
			sup.stop.phase = STOP_SERVICES;
		sup.reloads += (step & STEP_RENUMBER) != 0;
		reload_error = (step & STEP_RELOAD) == 4 ? COMMAND_BUSY :
			       (step & STEP_RELOAD) == 8 ? COMMAND_NO_FORK : 0;
		send_one(record, len);
		if (step & STEP_TWICE)
			send_one(record, len);
	}
	if (sup.service[BEFORE_EXEC].verdict_fd >= 0)
		close(sup.service[BEFORE_EXEC].verdict_fd);
	return 0;
}
