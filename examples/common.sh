# shellcheck shell=sh
# SPDX-License-Identifier: ISC
# What the run.sh of every example does: build, run, wait, show, stop. Read by
# them, never run itself.
#
# Environment: ENGINE, docker or podman (what is found); VOLUME, a directory for
# the diagnostics (a new one that is removed again); NAME, of the container.
# Needs jq.
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

# build: dashpot itself, where there is no image of it yet, then the example
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

# wait_until JQ-EXPRESSION: it is true of diagnostic.json; at most 20 seconds
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

# show: every service in a sentence
show()
{
	jq -r '.summary, (.services[] | "  \(.name): \(.why)")' \
		"$volume/diagnostic.json"
}

# stop: as `docker stop`; prints the exit code
stop()
{
	"$engine" stop --time 10 "$name" >/dev/null
	echo "stopped, exit code $("$engine" inspect \
		--format '{{.State.ExitCode}}' "$name")"
}
