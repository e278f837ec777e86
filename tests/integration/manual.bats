#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The documents compared with the program.

load ../lib/dashpot

PAGE=$DASHPOT_TOP/docs/dashpot.ini.5
README=$DASHPOT_TOP/README.md

# parser_keys: lines of "SECTION KEY", from the parser's own table
parser_keys()
{
	LC_ALL=C sort "$BATS_FILE_TMPDIR/keys"
}

# page_keys: the same lines from the manual page: each "Ic KEY" in an .It, under
# its .Sh and .Ss
page_keys()
{
	awk '
		/^\.S[hs] / {
			head = tolower($0)
			section = head ~ /\[dashpot\]/ ? "[dashpot]" : "[service:NAME]"
		}
		/^\.It Xo/ { in_head = 1 }
		/^\.Xc/ { in_head = 0 }
		/^\.It Ic/ || (in_head && /^\.Ic/) {
			for (i = 1; i < NF; i++)
				if ($i ~ /^\.?Ic$/) print section, $(i + 1)
		}' "$PAGE" | LC_ALL=C sort
}

# readme_keys: the same lines from the first column of the tables in README
readme_keys()
{
	awk -F '|' '
		/^#/ { section = "" }
		/^### .*\[dashpot\]/ { section = "[dashpot]" }
		/^### .*\[service:NAME\]/ { section = "[service:NAME]" }
		section != "" && /^\| `/ {
			n = split($2, word, "`")
			for (i = 2; i <= n; i += 2) print section, word[i]
		}' "$README" | sed 's/\.[A-Z]*$/./' | LC_ALL=C sort
}

# help_exit_codes: the numbers that the help names as exit codes
help_exit_codes()
{
	"$DASHPOT" help | sed -n '/^Exit codes/,/^$/p' |
		grep -oE '\b(0|1|1[0-9][0-9]( \+ n)?)\b|128 \+ n' | LC_ALL=C sort -u
}

page_exit_codes()
{
	sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/s/^\.It //p' \
		"$DASHPOT_TOP/docs/dashpot.8" | LC_ALL=C sort -u
}

readme_exit_codes()
{
	awk -F ' *[|] *' '/^## / { on = /Exit codes/ } on && /^\| [0-9]/ { print $2 }' \
		"$README" | LC_ALL=C sort -u
}

setup_file()
{
	local build=${BUILD:-build}
	cd "$DASHPOT_TOP" || return
	make -s "$build/musl/libdashpot.a" >&2
	musl-gcc -static -std=c11 -D_GNU_SOURCE= -I . \
		-o "$BATS_FILE_TMPDIR/program" tests/lib/keys.c \
		"$build/musl/libdashpot.a" >&2
	"$BATS_FILE_TMPDIR/program" >"$BATS_FILE_TMPDIR/keys"
}

@test "dashpot.ini(5) describes exactly the keys that the parser knows" {
	[ "$(parser_keys | wc -l)" -gt 40 ]
	diff <(parser_keys) <(page_keys)
}

@test "the tables of README list exactly the keys that the parser knows" {
	diff <(parser_keys) <(readme_keys)
}

@test "every key that docs/MIGRATING.md sets is one that the parser supports" {
	grep -oE '`[a-z_]+(\.[a-zA-Z]+)? =' "$DASHPOT_TOP/docs/MIGRATING.md" |
		tr -d '` =' | sed 's/\.[A-Z]*$/./' | sort -u >"$BATS_TEST_TMPDIR/set"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/set")" -gt 10 ]
	[ "$(comm -23 "$BATS_TEST_TMPDIR/set" \
		<(cut -d ' ' -f 2 "$BATS_FILE_TMPDIR/keys" | sort -u))" = '' ]
}

@test "every command in the help is in dashpot(8), and the other way round" {
	diff <("$DASHPOT" help | awk '/^  dashpot [a-z]/ {
			print $2
		}' | sort -u) \
		<(sed -n '/^\.Bl -tag -width "version"/,/^\.El/s/^\.It Cm //p' \
			"$DASHPOT_TOP/docs/dashpot.8" | sort -u)
}

@test "every option that dashpot(8) describes is understood" {
	printf '[service:web]\ncommand = true\n' >"$BATS_TEST_TMPDIR/a.ini"
	"$DASHPOT" check -c "$BATS_TEST_TMPDIR/a.ini"
	"$DASHPOT" check --config "$BATS_TEST_TMPDIR/a.ini"
	[ "$("$DASHPOT" -h)" = "$("$DASHPOT" help)" ]
	[ "$("$DASHPOT" --help)" = "$("$DASHPOT" help)" ]
	[ "$("$DASHPOT" --version)" = "$("$DASHPOT" version)" ]
}

@test "help, dashpot(8) and README name the same exit codes" {
	[ "$(page_exit_codes | wc -l)" -ge 6 ]
	diff <(page_exit_codes) <(help_exit_codes)
	diff <(page_exit_codes) <(readme_exit_codes)
}

@test "the example in dashpot.ini(5) is a valid configuration" {
	mkdir -p "$BATS_TEST_TMPDIR/run"
	echo secret >"$BATS_TEST_TMPDIR/run/password"
	sed -n '/^\.Bd -literal/,/^\.Ed/p' "$PAGE" | grep -v '^\.' |
		sed "s,/run/secrets/database,$BATS_TEST_TMPDIR/run/password,
			s,^user = app,user = 1000," >"$BATS_TEST_TMPDIR/a.ini"
	grep -q '^\[service:worker\]' "$BATS_TEST_TMPDIR/a.ini"
	"$DASHPOT" check -c "$BATS_TEST_TMPDIR/a.ini"
}

@test "every configuration in README is valid" {
	awk -v dir="$BATS_TEST_TMPDIR" '
		/^```ini$/ { n++; on = 1; next }
		/^```/ { on = 0 }
		on { print >(dir "/" n ".ini") }' "$README"
	[ -e "$BATS_TEST_TMPDIR/1.ini" ]
	for file in "$BATS_TEST_TMPDIR"/*.ini; do
		"$DASHPOT" check -c "$file"
	done
}

@test "the manual pages are without errors and warnings" {
	for page in "$DASHPOT_TOP"/docs/*.[1-8]; do
		mandoc -T lint -W warning "$page"
	done
}

@test "README's test command is what the build server runs" {
	command=$(awk '/^```sh$/ { on = 1; next } /^```/ { on = 0 }
		on && /tests\/run/ { sub(/ *#.*/, ""); print; exit }' "$README")
	[ -n "$command" ]
	grep -qx "exec $command" "$DASHPOT_TOP/.ci/run"
}

# life_rows: "FROM EVENT TO" for each row of the table in policy/life.c
life_rows()
{
	sed -nE 's/^\t\{ LIFE_([A-Z_]+), +LIFE_([A-Z_]+), +LIFE_([A-Z_]+),.*/\L\1 \2 \3/p' \
		"$DASHPOT_TOP/policy/life.c" | LC_ALL=C sort
}

# page_rows: the same lines from ARCHITECTURE.md, remarks in brackets left out
page_rows()
{
	awk -F ' *[|] *' '
		/^## / { on = /life of a service/ }
		on && /^\| [a-z]/ && $2 != "from" {
			gsub(/ *\([^)]*\)/, "", $3)
			n = split($2, from, ", ")
			m = split($3, event, ", ")
			for (i = 1; i <= n; i++)
				for (j = 1; j <= m; j++)
					print from[i], event[j], $4
		}' "$DASHPOT_TOP/docs/ARCHITECTURE.md" | LC_ALL=C sort
}

@test "ARCHITECTURE.md has exactly the rows of the table of a service's life" {
	[ "$(life_rows | wc -l)" -gt 30 ]
	diff <(life_rows) <(page_rows)
}
