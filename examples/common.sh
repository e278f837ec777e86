# shellcheck shell=sh
# SPDX-License-Identifier: ISC
# Functions for the run.sh of every example: build, run, wait, show, stop. Each
# run.sh reads this file; it is not run by itself.
#
# Environment: ENGINE, docker or podman (default: the first one found); VOLUME,
# a directory for the diagnostics (default: a new directory, removed at the
# end); NAME, the name of the container. Needs jq.
set -eu
cd "$(dirname "$0")"
engine=${ENGINE:-$(command -v docker || command -v podman)}
image=dashpot-example-$(basename "$PWD")
name=${NAME:-$image-$$}
volume=${VOLUME:-$(mktemp -d)}

clean()
{
	"$engine" rm --force "$name" >/dev/null 2>&1 || true
	[ -n "${VOLUME:-}" ] || rm -rf "$volume"
}
trap clean EXIT

# build: the image of dashpot, where there is none yet, then the example's image
build()
{
	"$engine" image inspect dashpot >/dev/null 2>&1 ||
		"$engine" build --tag dashpot ../..
	"$engine" build --quiet --tag "$image" . >/dev/null
}

# start [OPTION...]: run the image with the volume, detached
start()
{
	"$engine" run --detach --name "$name" --volume "$volume:/var/lib/dashpot" \
		"$@" "$image" >/dev/null
}

# wait_until JQ-EXPRESSION: wait until diagnostic.json matches, at most 20 s
wait_until()
{
	tries=0
	until jq -e "$1" "$volume/diagnostic.json" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -le 200 ] || {
			echo "$image: not in time: $1" >&2
			"$engine" logs "$name" >&2
			exit 1
		}
		sleep 0.1
	done
}

# show: print a sentence for every service
show()
{
	jq -r '.summary, (.services[] | "  \(.name): \(.why)")' \
		"$volume/diagnostic.json"
}

# stop: stop as `docker stop` does, and print the exit code
stop()
{
	"$engine" stop --time 10 "$name" >/dev/null
	echo "stopped, exit code $("$engine" inspect \
		--format '{{.State.ExitCode}}' "$name")"
}
