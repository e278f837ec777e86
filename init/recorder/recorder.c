/* SPDX-License-Identifier: ISC */
/* The recorder: reads the registry back once, then keeps events.jsonl,
 * diagnostic.json, process-registry.json and metrics.prom on the volume as new
 * as the board.
 *
 * It may hang in any system call here; PID 1 only ever waits for it with a
 * bound. One write per DEBOUNCE_MS at most, and the last state is always
 * written. Without trouble and without news it sleeps for ever. */
#include "init/helper/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/kernel/clock.h"
#include "init/lib/format.h"
#include "init/lib/hash.h"
#include "init/recorder/events_jsonl.h"
#include "init/recorder/volume.h"
#include "init/recorder/zombie_limit.h"
#include "init/report/diagnostic_json.h"
#include "init/report/prometheus.h"
#include "init/text/heap.h"
#include "init/text/host_name.h"

enum {
	DEBOUNCE_MS = 200,
	RETRY_MIN_MS = 1000,
	RETRY_MAX_MS = 5000,
	PAUSE_MS = 10, /* between two attempts at the last state */
};

struct recorder {
	const struct helper_job *job;
	struct volume volume;
	struct registry registry;
	struct report report;
	struct jsonl history;
	struct usage usage;
	char host[HOST_NAME];
	uint64_t tried;         /* generation of the last attempt */
	uint64_t registry_hash; /* of the registry on the volume; 0: none */
	int64_t next_ms;        /* no attempt before this time */
	int64_t look_ms;        /* the next look for a zombie_limit */
	int64_t retry_ms;       /* the last wait in trouble; 0: no trouble */
	bool is_loaded;         /* the registry there was read, or there is
				 * none */
};

/* What is the same all the time, and the time. */
static void look_around(struct recorder *r)
{
	const struct board *board = r->job->boards.board;
	struct registry_now *now = &r->report.now;

	now->mono_ms = clock_mono_ms();
	now->wall_ms = clock_wall_ms();
	now->began_wall_ms = board->began_wall_ms;
}

static void read_boot_id(char id[40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, id, 36);

	if (fd >= 0)
		close(fd);
	id[n < 0 ? 0 : n] = '\0';
	id[strspn(id, "0123456789abcdef-")] = '\0';
}

/* Whose directory it is can change with every renewal of the recorder. */
static void publish_second(struct recorder *r)
{
	struct board_restore *to = r->job->boards.restore;

	if (to->is_second == r->volume.is_second &&
	    strcmp(to->holder, r->volume.holder) == 0)
		return;
	format(to->holder, sizeof(to->holder), "%s", r->volume.holder);
	to->is_second = r->volume.is_second;
	helper_tell(r->job);
}

/* Put on the recorder's board what PID 1 waits for. A recorder that was
 * restarted finds that done. */
static void publish_restored(struct recorder *r, bool is_bad)
{
	struct board_restore *to = r->job->boards.restore;

	publish_second(r);
	if (atomic_load_explicit(&to->is_done, memory_order_relaxed) != 0)
		return;
	to->is_bad = is_bad;
	to->container_starts = registry_recent_starts(&r->registry,
						      &r->report.now);
	atomic_store_explicit(&to->is_done, 1, memory_order_release);
	helper_tell(r->job);
}

/* Read the registry: what it says goes onto the board as long as PID 1 has
 * not been told anything, and is history in any case. */
static void load_registry(struct recorder *r, int directory)
{
	static const char name[] = "process-registry.json";
	const struct config *c = r->job->config;
	struct board_restore *to = r->job->boards.restore;
	bool is_late = atomic_load_explicit(&to->is_done,
					    memory_order_relaxed) != 0;
	size_t size;
	int err;
	char *text;

	r->is_loaded = true;
	text = volume_read(directory, name,
			   REGISTRY_SIZE + c->services * REGISTRY_SIZE_EACH,
			   &size, &err);
	if (text != NULL &&
	    !registry_read(&r->registry, is_late ? NULL : to->service, c,
			   &r->report.now, text, size))
		err = EBADMSG;
	heap_give(text);
	if (err != 0) {
		r->report.is_registry_bad = true;
		renameat(directory, name, directory,
			 "process-registry.json.bad");
	}
}

static uint64_t load(const atomic_ullong *value)
{
	return atomic_load_explicit(value, memory_order_acquire);
}

static void write_report(struct json *j, void *context)
{
	struct recorder *r = context;

	report_write(j, &r->report);
}

static void write_registry(struct json *j, void *context)
{
	struct recorder *r = context;

	registry_write(j, &r->registry, r->job->config, &r->report.now,
		       r->job->boards.board, r->job->boards.exe);
}

static int add_to_hash(void *context, const char *text, size_t size)
{
	uint64_t *hash = context;

	*hash = hash_bytes(*hash, text, size);
	return 0;
}

/* Write the registry when it says something else than on the volume; not
 * before PID 1 has taken up what was remembered, which would be lost. */
static int replace_registry(struct recorder *r, int directory)
{
	uint64_t hash = HASH_START;
	struct json j = { .put = add_to_hash, .context = &hash };

	if (helper_phase(r->job) == BOARD_STARTING || r->volume.is_second)
		return 0;
	write_registry(&j, r);
	if (j.err == 0 && hash == r->registry_hash)
		return 0;
	if (volume_replace(&r->volume, directory, "process-registry.json",
			   write_registry, r) < 0)
		return -1;
	r->registry_hash = hash;
	return 0;
}

static void write_metrics(struct json *j, void *context)
{
	struct recorder *r = context;

	metrics_write(j, &r->report);
}

static int replace_metrics(struct recorder *r, int directory)
{
	if (!r->job->config->has_metrics_file)
		return 0;
	return volume_replace(&r->volume, directory, "metrics.prom",
			      write_metrics, r);
}

/* Append what happened, and say on the board how far that is. */
static int append_events(struct recorder *r, int directory)
{
	if (jsonl_write(&r->history, &r->volume, directory) < 0)
		return -1;
	atomic_store_explicit(&r->job->boards.restore->recorded,
			      r->history.recorded, memory_order_release);
	return 0;
}

static int replace_report(struct recorder *r, int directory)
{
	return volume_replace(&r->volume, directory, "diagnostic.json",
			      write_report, r);
}

/* Every file, the irreplaceable one first. One that fails does not keep the
 * others from being tried: the first failure is what is reported. */
static int write_files(struct recorder *r, int directory)
{
	static int (*const parts[])(struct recorder *r, int directory) = {
		append_events, replace_report, replace_registry,
		replace_metrics,
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i](r, directory) < 0)
			err = -1;
	return err;
}

/* 0, or -1 with the volume's step and err. */
static int write_all(struct recorder *r)
{
	int directory, err;

	look_around(r);
	directory = volume_begin(&r->volume);
	publish_second(r);
	if (directory < 0) {
		r->registry_hash = 0; /* a new directory has none yet */
		/* ... or one of earlier containers: a volume that came late. Of
		 * one that this container wrote only what was before counts. */
		if (r->volume.step == BOARD_VOLUME_MOVED)
			r->is_loaded = false;
		return -1;
	}
	if (!r->is_loaded && !r->volume.is_second)
		load_registry(r, directory);
	r->report.held_by = r->volume.is_second ? r->volume.holder : NULL;
	err = write_files(r, directory);
	if (err < 0) {
		close(directory);
		return err;
	}
	return volume_end(&r->volume, directory);
}

/* When the next look for a zombie_limit is due; INT64_MAX where none is. */
static int64_t next_look(const struct recorder *r)
{
	return zombies_matter(r->job) ? r->look_ms : INT64_MAX;
}

static void look_for_zombies(struct recorder *r)
{
	r->look_ms = clock_mono_ms() + ZOMBIES_MS;
	zombies_look(r->job, &r->usage);
}

/* Tell PID 1 when what is wrong with the volume has changed. */
static void say_trouble(struct recorder *r)
{
	struct board_restore *to = r->job->boards.restore;
	unsigned step = r->volume.step;
	int err = r->volume.err;

	if (atomic_load(&to->trouble) == step &&
	    atomic_load(&to->trouble_err) == err)
		return;
	atomic_store(&to->trouble_err, err);
	atomic_store(&to->trouble, step);
	helper_tell(r->job);
}

/* When the next attempt may be made, and whether one is made without news. */
static void plan(struct recorder *r, bool is_written)
{
	int64_t now_ms = clock_mono_ms();

	if (is_written) {
		r->retry_ms = 0;
		r->next_ms = now_ms + DEBOUNCE_MS;
	} else if (r->volume.step == BOARD_VOLUME_MOVED) {
		r->retry_ms = RETRY_MIN_MS;
		r->next_ms = now_ms + DEBOUNCE_MS;
	} else {
		r->retry_ms = r->retry_ms == 0 ? RETRY_MIN_MS :
						 r->retry_ms * 2;
		if (r->retry_ms > RETRY_MAX_MS)
			r->retry_ms = RETRY_MAX_MS;
		r->next_ms = now_ms + r->retry_ms;
	}
}

/* Bring the volume to the board's present generation. */
static bool write_once(struct recorder *r)
{
	bool is_written;

	r->tried = load(&r->job->boards.board->generation);
	r->report.generation = r->tried;
	zombies_look(r->job, &r->usage);
	is_written = write_all(r) == 0;
	if (is_written)
		atomic_store_explicit(&r->job->boards.restore->written,
				      r->tried, memory_order_release);
	say_trouble(r);
	plan(r, is_written);
	return is_written;
}

/* Will the next attempt do better? The directory was just found, or PID 1 has
 * lost the CPU in the middle of a row. */
static bool is_passing(const struct recorder *r)
{
	return r->volume.step == BOARD_VOLUME_MOVED ||
	       r->volume.step == BOARD_VOLUME_RENDER;
}

/* The last state of all. PID 1 waits half a second at most: that ends the
 * attempts. */
static _Noreturn void finish(struct recorder *r)
{
	bool is_written;

	r->history.reloads = UINT64_MAX; /* there is no successor */
	while (!(is_written = write_once(r)) && is_passing(r))
		poll(NULL, 0, PAUSE_MS);
	helper_tell(r->job);
	_exit(is_written ? 0 : 1);
}

/* Something is to be done without news from PID 1: a default directory that
 * cannot be used is left alone until there is news. */
static bool is_due(const struct recorder *r)
{
	return load(&r->job->boards.board->generation) != r->tried ||
	       (r->retry_ms != 0 &&
		(r->job->config->is_diagnostics_written ||
		 r->volume.step == BOARD_VOLUME_MOVED));
}

/* Another configuration is in force: only the events that happened under this
 * one are still to be told. What fails here is told by the successor. */
static _Noreturn void hand_over(struct recorder *r)
{
	int directory;

	look_around(r);
	directory = volume_begin(&r->volume);
	if (directory >= 0)
		append_events(r, directory);
	_exit(0);
}

/* What the lock says of this dashpot to another that finds it held. */
static void name_holder(struct recorder *r)
{
	const struct board *board = r->job->boards.board;
	char since[PHRASE_TIME];

	phrase_time(since, board->began_wall_ms);
	format(r->volume.own, sizeof(r->volume.own),
	       "host %s, pid %d, since %s", r->host, (int)board->pid,
	       since);
}

static void begin(struct recorder *r)
{
	/* Zero memory that is not used is never touched. */
	static struct registry_service earlier[CONFIG_SERVICES];
	int directory;

	host_name(r->host);
	name_holder(r);
	read_boot_id(r->report.now.boot_id);
	look_around(r);
	r->report.is_registry_bad = r->job->boards.restore->is_bad;
	registry_begin(&r->registry, &r->report.now);
	r->registry.service = earlier;
	directory = volume_begin(&r->volume);
	if (directory >= 0 && !r->volume.is_second)
		load_registry(r, directory);
	if (directory >= 0)
		close(directory);
	else
		say_trouble(r);
	publish_restored(r, r->report.is_registry_bad);
}

/* Connect the parts with what they read. */
static void set_up(struct recorder *r, const struct helper_job *job)
{
	static struct usage_row rows[CONFIG_SERVICES];
	const struct output output = { job->config, job->boards.relay,
				       job->boards.files };

	r->job = job;
	r->volume.base = config_string(job->config, job->config->diagnostics);
	r->volume.hostname = r->host;
	r->volume.fd = -1;
	r->volume.lock_fd = -1;
	r->history.config = job->config;
	r->history.reloads = job->reloads;
	r->history.board = job->boards.board;
	r->history.output = output;
	r->usage.row = rows;
	r->report.config = job->config;
	r->report.board = job->boards.board;
	r->report.registry = &r->registry;
	r->report.usage = &r->usage;
	r->report.notices = r->job->boards.notices;
	r->report.output = output;
	r->report.hostname = r->host;
	r->report.directory = r->volume.path;
}

_Noreturn void recorder_main(const struct helper_job *job)
{
	static struct recorder r;

	set_up(&r, job);
	begin(&r);
	for (;;) {
		int64_t now_ms = clock_mono_ms(), look_ms = next_look(&r);

		if (helper_phase(job) == BOARD_EXITING)
			finish(&r);
		if (helper_is_superseded(job))
			hand_over(&r);
		if (look_ms <= now_ms)
			look_for_zombies(&r);
		else if (!is_due(&r))
			helper_sleep(job, helper_timeout_ms(look_ms, now_ms));
		else if (r.next_ms > now_ms)
			helper_sleep(job,
				     helper_timeout_ms(look_ms < r.next_ms ?
							       look_ms :
							       r.next_ms,
						       now_ms));
		else
			write_once(&r);
	}
}
