/* SPDX-License-Identifier: ISC */
#include "init/loader/loader_process.h"

#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "init/kernel/die.h"

/* The person that typed the command has no eyes on stderr, so the mistakes go
 * to both. */
static void print_mistakes(const struct board_mistakes *text)
{
	ssize_t n = 1;

	/* All signals are blocked: nothing interrupts it. */
	for (uint32_t at = 0; at < text->length && n > 0; at += (uint32_t)n)
		n = write(STDERR_FILENO, text->text + at, text->length - at);
}

/* Leave it for PID 1. What finds no room has an exit code. */
static void leave(int fd, const void *data, size_t size, off_t at)
{
	const char *from = data;

	for (ssize_t n; size > 0; size -= (size_t)n, from += n, at += n) {
		n = pwrite(fd, from, size, at);
		if (n <= 0)
			_exit(DIE_SYSTEM);
	}
}

_Noreturn void loader_process_run(const struct loader_job *job)
{
	struct loader_result result = { 0, 0 };
	const int fd = job->mistakes_fd;
	struct board_mistakes *text = mmap(
		NULL, sizeof(*text), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	const off_t begin = offsetof(struct board_mistakes, text);
	const struct config *config;
	unsigned mistakes = 0;

	munmap(job->board, sizeof(*job->board));
	prctl(PR_SET_NAME, "dashpot: loader");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (text == MAP_FAILED || getppid() != job->parent ||
	    lseek(fd, begin, SEEK_SET) != begin)
		_exit(DIE_SYSTEM);
	atomic_store(&text->event, 0);
	config = loader_load(&job->source, fd, &mistakes);
	text->length = (uint32_t)(lseek(fd, 0, SEEK_CUR) - begin);
	atomic_store(&text->event, job->event);
	result.mistakes = mistakes;
	result.size = config ? config->size : 0;
	if (config)
		leave(job->result_fd, config, config->size, sizeof(result));
	leave(job->result_fd, &result, sizeof(result), 0);
	if (!config) {
		print_mistakes(text);
		_exit(DIE_USAGE);
	}
	_exit(0);
}
