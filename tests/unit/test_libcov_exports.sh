#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# libcov's shared object exports what libcov.h declares, no more and no less,
# each under a version; the header stands alone; a program links by what libcov.pc
# says. Run from anywhere, once libcov is built.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/unit/check.sh
. tests/unit/check.sh

declared()
{
	cc -E -P -x c libcov/libcov.h | grep -oE '\<(cov|checkpoint)_[a-z_]+ ?\(' |
		tr -d ' (' | sort -u
}

exported()
{
	nm -D --defined-only build/libcov.so.1 |
		sed -n 's/^[0-9a-f]* T \(.*\)@@LIBCOV_[0-9.]*$/\1/p' | sort
}

header_and_map_agree()
{
	declared > "$work/declared"
	exported > "$work/exported"
	test -s "$work/declared" && diff "$work/declared" "$work/exported"
}

all_is_versioned()
{
	nm -D --defined-only build/libcov.so.1 > "$work/symbols" && test -s "$work/symbols" &&
		! grep -v '@@LIBCOV_[0-9.]*$\| A LIBCOV_' "$work/symbols"
}

header_stands_alone()
{
	echo '#include "libcov.h"' |
		cc -std=c99 -pedantic -Wall -Wextra -Werror -Ilibcov -fsyntax-only -x c -
}

header_stands_alone_in_cxx()
{
	echo '#include "libcov.h"' |
		c++ -std=c++11 -Wall -Wextra -Werror -Ilibcov -fsyntax-only -x c++ -
}

# The flags of libcov.pc, with the build directory for an installation.
flags()
{
	PKG_CONFIG_PATH=build pkg-config --define-variable=includedir=libcov \
		--define-variable=libdir=build "$@" libcov
}

# The flags are words.
# shellcheck disable=SC2046
links_shared()
{
	cc -o "$work/shared" "$work/use.c" $(flags --cflags --libs) &&
		LD_LIBRARY_PATH=build "$work/shared"
}

# shellcheck disable=SC2046
links_static()
{
	cc -o "$work/static" "$work/use.c" \
		$(flags --static --cflags --libs | sed 's/-lcov\>/-l:libcov.a/') &&
		"$work/static"
}

cat > "$work/use.c" <<'END'
#include "libcov.h"

int main(void)
{
	struct cov *cov;

	return cov_open(&cov) && !cov_last_error(0)[0];
}
END

check libcov_header_and_map_agree header_and_map_agree
check libcov_symbols_are_versioned all_is_versioned
check libcov_header_stands_alone header_stands_alone
if command -v c++ > /dev/null; then
	check libcov_header_stands_alone_in_cxx header_stands_alone_in_cxx
else
	echo 'skip libcov_header_stands_alone_in_cxx - there is no c++: install g++'
fi
check libcov_links_shared links_shared
check libcov_links_static links_static
exit $failed
