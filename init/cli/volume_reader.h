/* SPDX-License-Identifier: ISC */
/* Reading a diagnostics volume from outside, its container dead or alive.
 *
 * Documents are read whole, events line by line; both are bounded, so that a
 * damaged volume costs no more than a large one. */
#ifndef INIT_CLI_VOLUME_READER_H
#define INIT_CLI_VOLUME_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/text/json_reader.h"

enum {
	READER_DOCUMENT = 128 << 20, /* most bytes of a document */
	READER_LINE = 4 << 20,       /* most bytes of an event */
	READER_NAME = 64,            /* room for a service's name */
	READER_TEXT = 2048,          /* ... for a sentence */
	READER_SCHEMA = 1,           /* the newest schema that is known */
};

/* The directory: what was given, else $DASHPOT_DIAGNOSTICS, else the one that
 * dashpot uses where nothing is configured. */
const char *reader_directory(const char *given);

/* The document `name` in that directory, in memory that is never given back.
 * Where it is missing or of no use: ends the program with 111 and a line
 * that says what to do; for one that is not needed, it is "not there". */
struct json_value reader_document(const char *dir, const char *name,
			    bool is_needed);

/* events.jsonl.1 and events.jsonl, in the order of writing. */
struct reader {
	int fd[2];        /* the older file and the newer; -1: none */
	int at;           /* which of them is being read */
	uint64_t damaged; /* lines that are no JSON object, or too long */
	char *buffer;     /* READER_LINE + 1 bytes */
	size_t start, end; /* bytes in it that were not given out yet */
	bool is_skipping; /* inside a line that is too long */
	bool is_followed; /* reader_follow() */
};

/* Open both, one reader at a time; reader_close() is due in any
 * case. True when there is at least one; ends the program with 111 when
 * the directory or a file cannot be opened though it is there. */
bool reader_open(struct reader *r, const char *dir);

/* Read lines from this descriptor instead, which stays the caller's to close:
 * a file in memory, or a connection. */
void reader_use(struct reader *r, int fd);

/* The same with a connection on which lines come in their own time: the program
 * ends by SIGPIPE when stdout loses its reader meanwhile. */
void reader_follow(struct reader *r, int fd);

/* The next event. False at the end. It is valid until the next call. A last
 * line without its newline is still being written, and is no event yet. */
bool reader_next(struct reader *r, struct json_value *event);

/* From the beginning again. Damaged lines are counted afresh. */
void reader_rewind(struct reader *r);

/* Close both. The last event stays valid until another one is opened. */
void reader_close(struct reader *r);

/* Memory for as long as the program runs, all zero; what is never touched
 * costs nothing. Ends the program with 111 when there is none. */
void *reader_take(size_t size);

/* As pattern_matches(); NULL matches all. */
bool reader_matches(const char *pattern, const char *name);

/* The text of a member, "" for anything but a text, until the next call. */
const char *reader_text(struct json_value object, const char *key);

#endif
