#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# libcov's shared object exports what libcov.h declares, no more and no less,
# each under a version; the header stands alone, in C and in C++; a program links
# by what libcov.pc says. Run from anywhere, once libcov is built.

set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
failed=0

fail()
{
	echo "FAIL: $1"
	failed=1
}

cc -E -P -x c libcov/libcov.h | grep -oE '\<(cov|checkpoint)_[a-z_]+ ?\(' |
	tr -d ' (' | sort -u > "$work/declared"
nm -D --defined-only build/libcov.so.1 |
	sed -n 's/^[0-9a-f]* T \(.*\)@@LIBCOV_[0-9.]*$/\1/p' | sort > "$work/exported"
nm -D --defined-only build/libcov.so.1 | grep -v '@@LIBCOV_[0-9.]*$\| A LIBCOV_' &&
	fail "symbols without a version"
[ -s "$work/declared" ] || fail "no declarations found"
diff "$work/declared" "$work/exported" || fail "libcov.h and libcov.map disagree"

printf '#include "libcov.h"\n' > "$work/alone.c"
cc -std=c99 -pedantic -Wall -Wextra -Werror -Ilibcov -fsyntax-only "$work/alone.c" ||
	fail "libcov.h does not stand alone in C"
c++ -std=c++11 -Wall -Wextra -Werror -Ilibcov -fsyntax-only -x c++ "$work/alone.c" ||
	fail "libcov.h does not stand alone in C++"

cat > "$work/use.c" <<'END'
#include "libcov.h"
int main(void)
{
	struct cov *cov;

	return cov_open(&cov) == 0 ? 0 : cov_last_error(0)[0] == '\0';
}
END
# The variables stand for an installation: the flags are the .pc file's.
flags=$(PKG_CONFIG_PATH=build pkg-config --define-variable=includedir=libcov \
	--define-variable=libdir=build --cflags --libs libcov)
# shellcheck disable=SC2086
cc -o "$work/shared" "$work/use.c" $flags && LD_LIBRARY_PATH=build "$work/shared" ||
	fail "a program does not link with libcov.so"
flags=$(PKG_CONFIG_PATH=build pkg-config --define-variable=includedir=libcov \
	--define-variable=libdir=build --static --cflags --libs libcov)
# shellcheck disable=SC2086
cc -o "$work/static" "$work/use.c" $(echo "$flags" | sed 's/-lcov\>/-l:libcov.a/') &&
	"$work/static" || fail "a program does not link with libcov.a"

[ $failed = 0 ] && echo "ok: $(wc -l < "$work/exported") exported functions"
exit $failed
