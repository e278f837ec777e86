#!/bin/sh
# SPDX-License-Identifier: ISC
# deps/fetch.sh DIR NAME...: put the sources of inih and cjson into DIR/NAME.
#
# They are the original tarballs that Debian keeps, pinned by SHA-256, fetched
# through the package sources this machine is set up with. Needs no root and
# changes nothing but DIR. A tarball in DIR/archives is used without network.
set -eu
umask 022

suite=trixie # its inih and cJSON are the pinned ones

fail()
{
	echo "deps: $*" >&2
	echo "deps: or give the sources yourself: make INIH_DIR=... CJSON_DIR=..." >&2
	exit 1
}

# describe NAME: what to fetch, in the variables below
describe()
{
	case $1 in
	inih)
		package=libinih path=pool/main/libi/libinih file=libinih_59.orig.tar.gz
		sum=062279922805f5e9a369551a08d5ddb506140fe50774183ffdbb7c22bb97e3f4
		;;
	cjson)
		package=cjson path=pool/main/c/cjson file=cjson_1.7.18.orig.tar.gz
		sum=3aa806844a03442c00769b83e99970be70fbef03735ff898f4811dd03b9f5ee5
		;;
	*)
		fail "unknown source $1 (inih, cjson)"
		;;
	esac
}

is_good()
{
	[ -f "$1" ] && echo "$2  $1" | sha256sum -c --status
}

# debian_uri: the base address of this machine's own Debian source
debian_uri()
{
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
	apt-get --print-uris -o Debug::NoLocking=1 update 2>/dev/null |
		sed -n "s,^'\(.*\)/dists/\($codename\|stable\|testing\|sid\)/InRelease'.*,\1/,p" |
		head -n 1
}

# download FILE: through apt with all its state in a directory of its own
download()
{
	command -v apt-get >/dev/null || fail "no apt on this machine"
	uri=$(debian_uri)
	[ -n "$uri" ] || fail "apt has no Debian source configured"
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -f "$keys" ] || fail "$keys is missing (package debian-archive-keyring)"
	mkdir -p "$tmp/lists/partial" "$tmp/archives/partial"
	cat >"$tmp/deps.sources" <<-END
		Types: deb-src
		URIs: $uri
		Suites: $suite
		Components: main
		Signed-By: $keys
	END
	set -- -qq -o Dir::Etc::sourcelist="$tmp/deps.sources" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$tmp" -o Dir::State::lists="$tmp/lists" \
		-o Dir::State::status=/dev/null \
		-o Dir::Cache="$tmp" -o Dir::Cache::archives="$tmp/archives" \
		-o Dir::Log="$tmp" -o APT::Sandbox::User="$(id -un)" \
		-o APT::Update::Post-Invoke-Success::= \
		-o Acquire::Languages=none -o Acquire::Retries=3
	(
		cd "$tmp"
		apt-get "$@" update &&
			apt-get "$@" source --download-only --only-source "$package"
	) >"$tmp/log" 2>&1 || true
	# The suite has a newer version by now: ask for the file itself.
	is_good "$tmp/$file" "$sum" ||
		/usr/lib/apt/apt-helper "$@" download-file "$uri$path/$file" \
			"$tmp/$file" "SHA256:$sum" >>"$tmp/log" 2>&1 || true
	is_good "$tmp/$file" "$sum" || {
		cat "$tmp/log" >&2
		fail "$file could not be fetched with the pinned SHA-256 $sum"
	}
	mv "$tmp/$file" "$archives/$file"
}

[ $# -ge 2 ] || fail "usage: deps/fetch.sh DIR NAME..."
mkdir -p "$1/archives"
dir=$(cd "$1" && pwd)
archives=$dir/archives
shift
tmp=$(mktemp -d "$dir/fetch.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

for name in "$@"; do
	describe "$name"
	is_good "$archives/$file" "$sum" || download
	mkdir "$tmp/$name"
	tar -xzf "$archives/$file" -C "$tmp/$name" --strip-components=1 --no-same-owner
	rm -rf "${dir:?}/$name"
	mv "$tmp/$name" "$dir/$name"
done
