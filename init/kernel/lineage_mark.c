/* SPDX-License-Identifier: ISC */
/* The sum of a pair is the dashpot, its difference the service. */
#include "init/kernel/lineage_mark.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#include "init/lib/scan.h"

static const char locks_name[] = "Max file locks";
static const char rss_name[] = "Max resident set";

static uint64_t lower(uint64_t than, uint8_t resource)
{
	struct rlimit own;

	return prlimit(0, resource, NULL, &own) == 0 && own.rlim_max < than
		       ? own.rlim_max
		       : than;
}

uint64_t mark_base(uint64_t random)
{
	/* Some programs reckon with these limits: they stay far from where a
	 * sum of two of them would not fit any more. */
	uint64_t most = lower(ULONG_MAX >> 8, RLIMIT_LOCKS);

	most = lower(most, RLIMIT_RSS);
	if (most < 4)
		return 0;
	/* Neighbouring seeds are to give bases that are far apart. */
	random *= 0x9e3779b97f4a7c15;
	return most / 2 - random % (most / 4);
}

struct mark mark_make(uint64_t base, uint64_t id)
{
	if (id == 0 || id >= base)
		return (struct mark){ 0, 0 };
	return (struct mark){ .locks = base + id, .rss = base - id };
}

uint64_t mark_id(uint64_t base, struct mark m)
{
	if (m.rss == 0 || m.rss >= base || m.locks <= base ||
	    m.locks - base != base - m.rss)
		return 0;
	return m.locks - base;
}

/* The line is "NAME  SOFT  HARD  UNIT"; a word is no number. */
static uint64_t hard_limit(const char *limits, const char *name)
{
	const char *at = scan_find(limits, name);

	if (at == NULL)
		return 0;
	at += strlen(name);
	at += strspn(at, " ");
	at += strcspn(at, " ");
	at += strspn(at, " ");
	return scan_unsigned(&at, 10);
}

struct mark mark_read(const char *limits)
{
	return (struct mark){ .locks = hard_limit(limits, locks_name),
			      .rss = hard_limit(limits, rss_name) };
}

static void take(uint8_t resource, uint64_t value)
{
	const struct rlimit limit = { .rlim_cur = value, .rlim_max = value };

	/* Who cannot take it can leave its session unseen: no reason not to
	 * start. */
	if (value != 0)
		(void)prlimit(0, resource, &limit, NULL);
}

void mark_take(struct mark m)
{
	take(RLIMIT_LOCKS, m.locks);
	take(RLIMIT_RSS, m.rss);
}
