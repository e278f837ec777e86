/* SPDX-License-Identifier: ISC */
/* Values with units, at their edges. */
#include "tests/unit/config_world.h"

#include <linux/capability.h>

#include "init/config/named_capabilities.h"
#include "init/config/named_signals.h"
#include "init/loader/endpoint.h"

static struct why why;

static int64_t duration(const char *text)
{
	int64_t ms;

	return value_duration(text, strlen(text), 0, &ms, &why)
		       ? ms : -1;
}

static void durations_carry_units(void **state)
{
	assert_int_equal(duration("250ms"), 250);
	assert_int_equal(duration("15s"), 15000);
	assert_int_equal(duration("10m"), 600000);
	assert_int_equal(duration("1h"), 3600000);
	assert_int_equal(duration("7d"), VALUE_WEEK_MS);
	assert_int_equal(duration("1m30s"), 90000);
	assert_int_equal(duration("1d2h3m4s5ms"), 93784005);
	assert_int_equal(duration("0"), 0);
	assert_int_equal(duration("0s"), 0);
	assert_int_equal(duration("00"), 0);
}

static void bare_number_is_no_duration_and_says_which_unit(void **state)
{
	assert_int_equal(duration("15"), -1);
	assert_string_equal(why.text,
			    "has no unit; write 15s (or ms, m, h, d)");
}

static void malformed_durations_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",	"s",   "15 s", "15sec", "15S",	"1.5s", "-1s",
		"30s1m", "1s1s", "1s5", "1m30",	"1s ",	" 1s",	"1w",
		"5mss",	"99999999999999999999d",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(duration(wrong[i]), -1);
}

static void duration_out_of_range_says_the_range(void **state)
{
	int64_t ms;

	assert_int_equal(duration("7d1ms"), -1);
	assert_string_equal(why.text, "is out of range; write 0s .. 7d");
	assert_false(value_duration("99ms", 4, 100, &ms, &why));
	assert_string_equal(why.text, "is out of range; write 100ms .. 7d");
	assert_true(value_duration("100ms", 5, 100, &ms, &why));
}

static void ranges_have_two_ends_or_one(void **state)
{
	int64_t low, high;

	assert_true(value_range("250ms..30s", &low, &high, &why));
	assert_int_equal(low, 250);
	assert_int_equal(high, 30000);
	assert_true(value_range("1s .. 1s", &low, &high, &why));
	assert_int_equal(low, 1000);
	assert_true(value_range("5s", &low, &high, &why));
	assert_int_equal(low, 5000);
	assert_int_equal(high, 5000);
	assert_true(value_range("0..1s", &low, &high, &why));
	assert_false(value_range("2s..1s", &low, &high, &why));
	assert_false(value_range("1s..", &low, &high, &why));
	assert_false(value_range("..1s", &low, &high, &why));
	assert_false(value_range("1..2", &low, &high, &why));
	assert_false(value_range("1s..8d", &low, &high, &why));
}

static bool number(const char *text, int64_t min, int64_t max, int64_t *n)
{
	return value_number(text, strlen(text), min, max, n, &why);
}

static void numbers_have_a_range(void **state)
{
	int64_t n;

	assert_true(number("1", 1, 64, &n));
	assert_true(number("64", 1, 64, &n));
	assert_int_equal(n, 64);
	assert_false(number("65", 1, 64, &n));
	assert_string_equal(why.text, "is out of range; write 1 .. 64");
	assert_false(number("0", 1, 64, &n));
	assert_false(number("-1", 0, 64, &n));
	assert_true(number("-20", -20, 19, &n));
	assert_int_equal(n, -20);
	assert_true(number("+19", -20, 19, &n));
	assert_false(number("99999999999999999999", 0, 100, &n));
	assert_false(number("", 0, 100, &n));
	assert_false(number("-", -20, 19, &n));
	assert_false(number("1x", 0, 100, &n));
	assert_false(number("0x10", 0, 100, &n));
}

static bool size(const char *text, bool unlimited, uint64_t *n)
{
	return value_size(text, strlen(text), unlimited, n, &why);
}

static void sizes_are_powers_of_1024(void **state)
{
	uint64_t n;

	assert_true(size("4096", false, &n));
	assert_int_equal(n, 4096);
	assert_true(size("64k", false, &n));
	assert_int_equal(n, 65536);
	assert_true(size("64K", false, &n));
	assert_true(size("10M", false, &n));
	assert_int_equal(n, 10485760);
	assert_true(size("1G", false, &n));
	assert_true(size("0", false, &n));
	assert_true(size("8388607T", false, &n));
	assert_true(n == (uint64_t)8388607 << 40);
	assert_false(size("8388608T", false, &n));
	assert_string_equal(why.text,
			    "is out of range; write less than 8388608T");
	assert_true(size("922337203685477580", false, &n));
	assert_false(size("9999999999999999999", false, &n));
	assert_false(size("99999999999999999999999", false, &n));
	assert_false(size("99999999T", false, &n));
	/* As docker, supervisord and systemd write it: 1,024 of each. */
	assert_true(size("64MiB", false, &n));
	assert_int_equal(n, 67108864);
	assert_true(size("50MB", false, &n) && n == 50 << 20);
	assert_true(size("512m", false, &n) && n == 512 << 20);
	assert_true(size("8Gi", false, &n) && n == INT64_C(8) << 30);
	assert_true(size("1kib", false, &n) && n == 1024);
	assert_false(size("10B", false, &n));
	assert_false(size("10iB", false, &n));
	assert_false(size("10MM", false, &n));
	assert_false(size("10M i", false, &n));
	assert_false(size("10MiBs", false, &n));
	assert_false(size("8388608TiB", false, &n));
	assert_false(size("k", false, &n));
	assert_false(size("", false, &n));
	assert_false(size("-1", false, &n));
	assert_false(size("unlimited", false, &n));
	assert_true(size("unlimited", true, &n));
	assert_true(n == UINT64_MAX);
}

static void booleans_are_six_words(void **state)
{
	bool yes;

	assert_true(value_yes("yes", &yes, &why) && yes);
	assert_true(value_yes("true", &yes, &why) && yes);
	assert_true(value_yes("on", &yes, &why) && yes);
	assert_true(value_yes("no", &yes, &why) && !yes);
	assert_true(value_yes("false", &yes, &why) && !yes);
	assert_true(value_yes("off", &yes, &why) && !yes);
	assert_false(value_yes("1", &yes, &why));
	assert_false(value_yes("Yes", &yes, &why));
	assert_false(value_yes("", &yes, &why));
	assert_false(value_yes("yes no", &yes, &why));
}

static int signal_of(const char *text)
{
	uint8_t n;

	return signals_parse(text, strlen(text), &n, &why) ? n : -1;
}

static void signals_have_names_and_kernel_numbers(void **state)
{
	assert_int_equal(signal_of("TERM"), 15);
	assert_int_equal(signal_of("SIGTERM"), 15);
	assert_int_equal(signal_of("sigterm"), 15);
	assert_int_equal(signal_of("HUP"), 1);
	assert_int_equal(signal_of("USR1"), 10);
	assert_int_equal(signal_of("USR2"), 12);
	assert_int_equal(signal_of("CHLD"), 17);
	assert_int_equal(signal_of("WINCH"), 28);
	assert_int_equal(signal_of("PWR"), 30);
	assert_int_equal(signal_of("SYS"), 31);
	assert_int_equal(signal_of("15"), 15);
	assert_int_equal(signal_of("64"), 64);
	assert_int_equal(signal_of("RTMIN"), 34);
	assert_int_equal(signal_of("RTMIN+3"), 37);
	assert_int_equal(signal_of("SIGRTMIN+3"), 37);
	assert_int_equal(signal_of("RTMAX"), 64);
	assert_int_equal(signal_of("RTMAX-1"), 63);
	assert_int_equal(signal_of("RTMIN+30"), 64);
	assert_int_equal(signal_of("RTMAX-30"), 34);
	assert_int_equal(signal_of("RTMIN+31"), -1);
	assert_int_equal(signal_of("RTMAX-31"), -1);
	assert_int_equal(signal_of("RTMIN-1"), -1);
	assert_int_equal(signal_of("RTMIN+"), -1);
	assert_int_equal(signal_of("RTMINx"), -1);
	assert_int_equal(signal_of("0"), -1);
	assert_int_equal(signal_of("65"), -1);
	assert_int_equal(signal_of("-9"), -1);
	assert_int_equal(signal_of("SIG"), -1);
	assert_int_equal(signal_of("SIG15"), -1);
	assert_int_equal(signal_of("TERMX"), -1);
	assert_int_equal(signal_of(""), -1);
}

static void windows_of_a_breaker(void **state)
{
	struct breaker_policy b = { .max_trips = 5 };

	assert_true(value_windows("3 in 15s, 10 in 10m", &b, &why));
	assert_int_equal(b.windows, 2);
	assert_int_equal(b.window[0].max_failures, 3);
	assert_int_equal(b.window[0].window_ms, 15000);
	assert_int_equal(b.window[1].max_failures, 10);
	assert_int_equal(b.window[1].window_ms, 600000);
	assert_int_equal(b.max_trips, 5);
	assert_true(value_windows("1 in 1ms", &b, &why));
	assert_int_equal(b.windows, 1);
	assert_int_equal(b.window[1].max_failures, 0);
	assert_true(value_windows("64 in 7d", &b, &why));
	assert_true(value_windows("none", &b, &why));
	assert_int_equal(b.windows, 0);
	assert_true(value_windows("1 in 1s,2 in 2s,3 in 3s,4 in 4s", &b,
				  &why));
	assert_false(value_windows("1 in 1s,2 in 2s,3 in 3s,4 in 4s,5 in 5s",
				   &b, &why));
	assert_false(value_windows("0 in 15s", &b, &why));
	assert_false(value_windows("65 in 15s", &b, &why));
	assert_string_equal(why.text, "counts 65 failures; write 1 .. 64");
	assert_false(value_windows("3 in 15", &b, &why));
	assert_false(value_windows("3 in 0", &b, &why));
	assert_false(value_windows("3 in 8d", &b, &why));
	assert_false(value_windows("3", &b, &why));
	assert_false(value_windows("3 in", &b, &why));
	assert_false(value_windows("in 3s", &b, &why));
	assert_false(value_windows("3 per 15s", &b, &why));
	assert_false(value_windows("3 in 15s,", &b, &why));
	assert_false(value_windows("", &b, &why));
}

static void failures_in_a_row_have_no_time(void **state)
{
	struct breaker_policy b = { .max_in_row = 7 };

	assert_true(value_windows("3 in 15s, 10 in a row", &b, &why));
	assert_int_equal(b.windows, 1);
	assert_int_equal(b.max_in_row, 10);
	assert_true(value_windows("3 in 15s", &b, &why));
	assert_int_equal(b.max_in_row, 0);
	assert_true(value_windows("1000 in  a\trow ,3 in 1s", &b, &why));
	assert_int_equal(b.windows, 1);
	assert_int_equal(b.max_in_row, 1000);
	assert_true(value_windows("1 in a row", &b, &why));
	assert_int_equal(b.windows, 0);
	/* Four windows, and the row beside them. */
	assert_true(value_windows("1 in 1s,2 in 2s,5 in a row,3 in 3s,4 in 4s",
				  &b, &why));
	assert_int_equal(b.windows, 4);
	assert_true(value_windows("none", &b, &why));
	assert_int_equal(b.max_in_row, 0);
	assert_false(value_windows("1001 in a row", &b, &why));
	assert_string_equal(why.text, "counts 1001 failures in a row; write "
				      "1 .. 1000");
	assert_false(value_windows("0 in a row", &b, &why));
	assert_false(value_windows("2 in a row, 3 in a row", &b, &why));
	assert_string_equal(why.text, "counts in a row twice; leave one of "
				      "them out");
	assert_false(value_windows("3 in a rows", &b, &why));
	assert_false(value_windows("3 in a", &b, &why));
	assert_false(value_windows("3 in a row 4", &b, &why));
	assert_false(value_windows("3 in arow", &b, &why));
}

static void rates_have_a_period_and_a_burst(void **state)
{
	struct budget_policy r;

	assert_true(value_rate("5/s burst 20", &r, &why));
	assert_int_equal(r.rate, 5);
	assert_int_equal(r.period_ms, 1000);
	assert_int_equal(r.burst, 20);
	assert_true(value_rate("100000/h  burst  1", &r, &why));
	assert_int_equal(r.period_ms, 3600000);
	assert_int_equal(r.burst, 1);
	assert_true(value_rate("1/m", &r, &why));
	assert_int_equal(r.period_ms, 60000);
	assert_int_equal(r.burst, 20);
	assert_false(value_rate("5", &r, &why));
	assert_false(value_rate("0/s", &r, &why));
	assert_false(value_rate("5/d", &r, &why));
	assert_false(value_rate("5/", &r, &why));
	assert_false(value_rate("5/sburst 20", &r, &why));
	assert_false(value_rate("5/s burst", &r, &why));
	assert_false(value_rate("5/s burst 0", &r, &why));
	assert_false(value_rate("5/s burst 100001", &r, &why));
	assert_false(value_rate("5/s bursts 20", &r, &why));
}

static void exit_codes_are_a_set(void **state)
{
	uint64_t codes[4];

	assert_true(value_codes("0, 3 255", codes, &why));
	assert_true(config_has_code(codes, 0));
	assert_true(config_has_code(codes, 3));
	assert_true(config_has_code(codes, 255));
	assert_false(config_has_code(codes, 1));
	assert_false(config_has_code(codes, 256));
	assert_false(config_has_code(codes, -1));
	assert_true(value_codes("none", codes, &why));
	assert_false(config_has_code(codes, 0));
	assert_false(value_codes("256", codes, &why));
	assert_false(value_codes("-1", codes, &why));
	assert_false(value_codes("0;1", codes, &why));
	assert_false(value_codes(",", codes, &why));
}

static void octal_numbers_end_at_0777(void **state)
{
	uint16_t bits;

	assert_true(value_octal("027", &bits, &why));
	assert_int_equal(bits, 027);
	assert_true(value_octal("0777", &bits, &why));
	assert_true(value_octal("0", &bits, &why));
	assert_false(value_octal("01000", &bits, &why));
	assert_false(value_octal("77777777777777777777", &bits, &why));
	assert_false(value_octal("08", &bits, &why));
	assert_false(value_octal("", &bits, &why));
}

static void limits_are_soft_and_hard_and_may_be_tried(void **state)
{
	struct config_limit l;

	assert_true(value_limit("1024:4096", &l, &why));
	assert_true(l.soft == 1024 && l.hard == 4096 && !l.is_try);
	assert_true(value_limit("-64k", &l, &why));
	assert_true(l.soft == 65536 && l.hard == 65536 && l.is_try);
	assert_true(value_limit("0:unlimited", &l, &why));
	assert_true(l.soft == 0 && l.hard == UINT64_MAX);
	assert_true(value_limit("unlimited", &l, &why));
	assert_false(value_limit("unlimited:1", &l, &why));
	assert_false(value_limit("2:1", &l, &why));
	assert_false(value_limit("--1", &l, &why));
	assert_false(value_limit("1:", &l, &why));
	assert_false(value_limit(":1", &l, &why));
	assert_false(value_limit("1:2:3", &l, &why));
	assert_false(value_limit("-", &l, &why));
}

static void minus_before_a_digit_is_a_sign_before_a_sign_a_try(void **state)
{
	bool is_try;
	int64_t n;

	assert_true(value_adjust("-5", -20, 19, &n, &is_try, &why));
	assert_true(n == -5 && !is_try);
	assert_true(value_adjust("--5", -20, 19, &n, &is_try, &why));
	assert_true(n == -5 && is_try);
	assert_true(value_adjust("-+5", -20, 19, &n, &is_try, &why));
	assert_true(n == 5 && is_try);
	assert_true(value_adjust("5", -20, 19, &n, &is_try, &why));
	assert_true(n == 5 && !is_try);
	assert_false(value_adjust("---5", -20, 19, &n, &is_try, &why));
	assert_false(value_adjust("-", -20, 19, &n, &is_try, &why));
	assert_false(value_adjust("--", -20, 19, &n, &is_try, &why));
	assert_false(value_adjust("-21", -20, 19, &n, &is_try, &why));
}

static void checks_have_six_forms(void **state)
{
	static const struct {
		const char *text;
		enum config_check_kind kind;
		uint32_t number;
		const char *host, *path;
	} right[] = {
		{ "notify", CONFIG_CHECK_NOTIFY, 0, NULL, NULL },
		{ "fd:3", CONFIG_CHECK_FD, 3, NULL, NULL },
		{ "tcp:127.0.0.1:80", CONFIG_CHECK_TCP, 80, "127.0.0.1", NULL },
		{ "tcp:[::1]:65535", CONFIG_CHECK_TCP, 65535, "::1", NULL },
		{ "tcp:localhost:1", CONFIG_CHECK_TCP, 1, "localhost", NULL },
		{ "http:localhost:8080/", CONFIG_CHECK_HTTP, 8080, "localhost",
		  "/" },
		{ "http:[::1]:80/a/b?c=d", CONFIG_CHECK_HTTP, 80, "::1",
		  "/a/b?c=d" },
		{ "unix:/run/a.sock", CONFIG_CHECK_UNIX, 0, NULL,
		  "/run/a.sock" },
		{ "file:/run/ready", CONFIG_CHECK_FILE, 0, NULL,
		  "/run/ready" },
	};
	static const char *const wrong[] = {
		"", "yes", "fd:", "fd:2", "fd:1024", "tcp:", "tcp:80",
		"tcp:example.org:80", "tcp:127.0.0.1", "tcp:127.0.0.1:0",
		"tcp:127.0.0.1:65536", "tcp:::1:80", "tcp:[::1]", "tcp:[]:80",
		"http:localhost:80", "http:localhost/", "unix:a", "file:",
		"exec:true", "notify ", "tcp:[1.2.3.4]:80",
		"http:localhost:80/a b", "http:localhost:80/\n",
		"tcp:11111111111111111111111111111111111111111111111111:80",
	};
	struct arena a = { NULL };
	struct endpoint is;

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		assert_true(endpoint_check(&a, right[i].text, &is, &why));
		assert_int_equal(is.kind, right[i].kind);
		assert_int_equal(is.number, right[i].number);
		assert_string_equal(is.host ? is.host : "-",
				    right[i].host ? right[i].host : "-");
		assert_string_equal(is.path ? is.path : "-",
				    right[i].path ? right[i].path : "-");
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(endpoint_check(&a, wrong[i], &is, &why));
	arena_drop(&a);
}

static void capabilities_are_bits_by_their_names(void **state)
{
	static const char *const wrong[][2] = {
		{ "chown none", "has `none`, which is no capability" },
		{ "net_bind", "names of capabilities(7)" },
		{ "net_bind_servic", "did you mean net_bind_service?" },
		{ "CAP_NET_ADMINS", "did you mean net_admin?" },
		{ "chown;kill", "no capability" },
		{ "abcdefghijklmnopqrstuvwxyzabcdefghijklmnop", "`abcdefgh" },
		{ "-", "names no capability" },
		{ " , ", "names no capability" },
		{ "--chown", "has `-chown`" },
	};
	uint64_t set;
	bool is_try;

	assert_true(capabilities_parse("none", &set, &is_try, &why));
	assert_true(set == 0 && !is_try);
	assert_true(capabilities_parse("chown, CAP_NET_BIND_SERVICE", &set,
				       &is_try, &why));
	assert_true(set == (1U << 0 | 1U << 10) && !is_try);
	assert_true(capabilities_parse("-cap_checkpoint_restore chown", &set,
				       &is_try, &why));
	assert_true(set == (UINT64_C(1) << 40 | 1) && is_try);
	assert_true(capabilities_parse("- none", &set, &is_try, &why));
	assert_true(set == 0 && is_try);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(capabilities_parse(wrong[i][0], &set, &is_try,
						&why));
		assert_non_null(strstr(why.text, wrong[i][1]));
	}
}

static void capabilities_have_the_kernels_numbers(void **state)
{
	static const struct {
		unsigned number;
		const char *name;
	} known[] = {
		{ CAP_CHOWN, "chown" }, { CAP_KILL, "kill" },
		{ CAP_SETPCAP, "setpcap" },
		{ CAP_NET_BIND_SERVICE, "net_bind_service" },
		{ CAP_IPC_OWNER, "ipc_owner" }, { CAP_SYS_ADMIN, "sys_admin" },
		{ CAP_SYS_TTY_CONFIG, "sys_tty_config" },
		{ CAP_LEASE, "lease" },
		{ CAP_SETFCAP, "setfcap" }, { CAP_SYSLOG, "syslog" },
		{ CAP_AUDIT_READ, "audit_read" },
		{ CAP_LAST_CAP, "checkpoint_restore" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_string_equal(capabilities_name(known[i].number),
				    known[i].name);
	assert_int_equal(CAP_LAST_CAP + 1, CONFIG_CAPABILITIES);
	assert_null(capabilities_name(CONFIG_CAPABILITIES));
}

static void hosts_are_addresses_or_localhost(void **state)
{
	static const char *const right[] = {
		"0.0.0.0:1", "255.255.255.255:1", "[::]:1", "[1::]:1",
		"[::1]:1", "[1:2:3:4:5:6:7:8]:1", "[1::8]:1", "[fE80::aBcD]:1",
		"[::ffff:10.0.0.1]:1", "[1:2:3:4:5:6:7.8.9.0]:1",
		"[1:2:3:4:5:6:7::]:1", "[::2:3:4:5:6:7:8]:1",
	};
	static const char *const wrong[] = {
		"256.0.0.1:1", "1.2.3:1", "1.2.3.4.5:1", "01.2.3.4:1",
		"1.2.3.:1", ".1.2.3:1", "1..2.3:1", "[:]:1", "[:::]:1",
		"[1:]:1", "[:1]:1", "[1::2::3]:1", "[1:2:3:4:5:6:7]:1",
		"[1:2:3:4:5:6:7:8:9]:1", "[1:2:3:4:5:6:7:8::]:1",
		"[12345::]:1", "[g::]:1", "[::1.2.3]:1", "[::1.2.3.4:5]:1",
		"[1:2:3:4:5:6:7:1.2.3.4]:1", "[::1:1", "[::1]1", "::1]:1",
		"localhosts:1", "Localhost:1", "[localhost]:1", ":1", "[",
	};

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		assert_true(endpoint_address(right[i], strlen(right[i]), &why));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(endpoint_address(wrong[i], strlen(wrong[i]),
					      &why));
}

static void orphans_are_kept_or_killed_after_a_time(void **state)
{
	int64_t ms;

	assert_true(endpoint_orphans("keep", &ms, &why));
	assert_int_equal(ms, 0);
	assert_true(endpoint_orphans("kill-after 5m", &ms, &why));
	assert_int_equal(ms, 300000);
	assert_false(endpoint_orphans("kill-after", &ms, &why));
	assert_false(endpoint_orphans("kill-after 5", &ms, &why));
	assert_false(endpoint_orphans("kill-after 0", &ms, &why));
	assert_false(endpoint_orphans("kill", &ms, &why));
}

static void streams_go_to_files_nowhere_or_through_dashpot(void **state)
{
	struct config_stream s;
	const char *path;

	assert_true(endpoint_stream("file:/var/log/x", false, &s, &path, &why));
	assert_int_equal(s.output, CONFIG_FILE);
	assert_string_equal(path, "/var/log/x");
	assert_true(endpoint_stream("null", false, &s, &path, &why));
	assert_int_equal(s.output, CONFIG_NULL);
	assert_true(endpoint_stream("inherit", true, &s, &path, &why));
	assert_int_equal(s.output, CONFIG_INHERIT);
	assert_true(endpoint_stream("stdout", true, &s, &path, &why));
	assert_int_equal(s.output, CONFIG_STDOUT);
	assert_false(endpoint_stream("stdout", false, &s, &path, &why));
	assert_false(endpoint_stream("file:x", false, &s, &path, &why));
	assert_false(endpoint_stream("file:", false, &s, &path, &why));
	assert_false(endpoint_stream("/var/log/x", false, &s, &path, &why));
	assert_false(endpoint_stream("relay2", true, &s, &path, &why));
	assert_string_equal(why.text, "is no output; write relay, inherit, "
				      "null, file:/PATH or stdout");
}

static void streams_by_a_path_of_dashpots_own_output_are_relayed(void **state)
{
	static const char *const own[2][5] = {
		{ "relay", "file:/dev/stdout", "file:/dev/fd/1",
		  "file:/proc/self/fd/1", "file:/proc/1/fd/1" },
		{ "relay", "file:/dev/stderr", "file:/dev/fd/2",
		  "file:/proc/self/fd/2", "file:/proc/1/fd/2" },
	};
	struct config_stream s;
	const char *path;

	for (int i = 0; i < 10; i++) {
		/* Also across: stdout to /dev/stderr. Only "relay" depends on
		 * which stream it stands for. */
		for (int of = 0; of < 2; of++) {
			int to = i % 5 == 0 ? of : i / 5;

			assert_true(endpoint_stream(own[i / 5][i % 5], of != 0,
						    &s, &path, &why));
			assert_int_equal(s.output, CONFIG_RELAY);
			assert_int_equal(s.fd, to + 1);
			assert_null(path);
		}
	}
	assert_true(endpoint_stream("file:/dev/fd/3", false, &s, &path, &why));
	assert_int_equal(s.output, CONFIG_FILE);
	assert_int_equal(s.fd, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(durations_carry_units),
		TEST(bare_number_is_no_duration_and_says_which_unit),
		TEST(malformed_durations_are_refused),
		TEST(duration_out_of_range_says_the_range),
		TEST(ranges_have_two_ends_or_one),
		TEST(numbers_have_a_range),
		TEST(sizes_are_powers_of_1024),
		TEST(booleans_are_six_words),
		TEST(signals_have_names_and_kernel_numbers),
		TEST(windows_of_a_breaker),
		cmocka_unit_test(failures_in_a_row_have_no_time),
		TEST(rates_have_a_period_and_a_burst),
		TEST(exit_codes_are_a_set),
		TEST(octal_numbers_end_at_0777),
		TEST(limits_are_soft_and_hard_and_may_be_tried),
		TEST(minus_before_a_digit_is_a_sign_before_a_sign_a_try),
		TEST(checks_have_six_forms),
		cmocka_unit_test(capabilities_are_bits_by_their_names),
		cmocka_unit_test(capabilities_have_the_kernels_numbers),
		TEST(hosts_are_addresses_or_localhost),
		TEST(orphans_are_kept_or_killed_after_a_time),
		TEST(streams_go_to_files_nowhere_or_through_dashpot),
		TEST(streams_by_a_path_of_dashpots_own_output_are_relayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
