#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What `make install DESTDIR=DIR` leaves can be used: covstat starts, programs
# compile and link by pkg-config, Python imports, man finds the pages, bash completes;
# and `make uninstall` leaves nothing. Run from anywhere, once libcov is built.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/unit/check.sh
. tests/unit/check.sh
# A prefix with its own directory for libraries, so that nothing passes by accident.
prefix=/opt/livecov
libdir=$prefix/lib
python=/usr/bin/python3

# The build's own settings must not reach this make.
make_here()
{
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s "$@"
}

files()
{
	(cd "$1" && find . ! -type d | sort)
}

complete()
{
	version=$($python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
	cat >"$work/expected" <<END
.$prefix/bin/covstat
.$prefix/include/codecov.h
.$prefix/include/libcov.h
.$libdir/libcodecov.a
.$libdir/libcodecov.so
.$libdir/libcodecov.so.1
.$libdir/libcov.a
.$libdir/libcov.so
.$libdir/libcov.so.1
.$libdir/pkgconfig/libcov.pc
.$prefix/lib/python$version/site-packages/livecov.py
.$prefix/share/bash-completion/completions/covstat
.$prefix/share/man/man1/covstat.1
.$prefix/share/man/man3/libcov.3
.$prefix/share/man/man4/livecov.4
END
	files "$work/root" | diff "$work/expected" -
}

# In Debian's /usr/local and /usr, Python has directories of its own.
python_looks_there()
{
	for place in /usr /usr/local; do
		directory=$($python tools/python-dir $place)
		case $directory in
		"$place"/lib/python*) ;;
		*) echo "$place: $directory"; return 1 ;;
		esac
		$python -c 'import site, sys; sys.exit(sys.argv[1] not in site.getsitepackages())' \
			"$directory" || return 1
	done
}

# Where the files are now, and where their own text says that they are.
flags()
{
	PKG_CONFIG_SYSROOT_DIR=$work/root PKG_CONFIG_PATH=$work/root$libdir/pkgconfig \
		pkg-config "$@" libcov
}

pkg_config_names_the_prefix()
{
	test "$(PKG_CONFIG_PATH=$work/root$libdir/pkgconfig pkg-config --cflags --libs libcov |
		sed 's/ *$//')" = "-I$prefix/include -L$libdir -lcov"
}

# shellcheck disable=SC2046 # the flags are words
a_program_compiles_and_runs()
{
	cat >"$work/use.c" <<'END'
#include <libcov.h>
#include <stdio.h>

int main(void)
{
	struct cov *cov;

	return cov_open(&cov) && puts(cov_last_error(0)) < 0;
}
END
	cc -Wall -Werror -o "$work/use" "$work/use.c" $(flags --cflags --libs) &&
		LD_LIBRARY_PATH=$work/root$libdir "$work/use"
}

# Beside a part that has libcov's calls of the same names.
# shellcheck disable=SC2046
a_program_for_codecov_compiles_and_runs()
{
	cat >"$work/old.c" <<'END'
#include <codecov.h>

extern int new_calls(void);

int main(void)
{
	double percent;

	return !checkpoint_add("cp", "cp", 0, 1, 1) || !get_coverage(&percent) || new_calls();
}
END
	cat >"$work/new.c" <<'END'
#include <libcov.h>

int new_calls(void)
{
	struct cov *cov;

	return !cov_open(&cov) && cov_register(cov, 1);
}
END
	cc -Wall -Werror -o "$work/old" "$work/old.c" "$work/new.c" $(flags --cflags) \
		-L"$work/root$libdir" -lcodecov $(flags --libs) &&
		FAKE_ROOT=$work LD_LIBRARY_PATH=$work/root$libdir \
		LD_PRELOAD=$PWD/build/unit/libcov/fake_kernel.so FAKE_KERNEL=$work/kernel \
		FAKE_KERNEL_SET=open_errno=2 "$work/old"
}

covstat_finds_its_library()
{
	ldd "$work/root$prefix/bin/covstat" | grep "libcov.so.1 => $work/root$prefix/" &&
		"$work/root$prefix/bin/covstat" --version
}

# By the way of lib/pythonX.Y/site-packages to lib.
python_imports()
{
	(cd "$work" && PYTHONPATH=$(dirname "$(find "$work/root" -name livecov.py)") \
		$python -B -c 'import livecov, sys
print(livecov._lib._name, livecov.__file__)
sys.exit(not livecov._lib._name.startswith(sys.argv[1]))' "$work/root$prefix/")
}

man_finds_the_pages()
{
	for page in 1:covstat 3:libcov 4:livecov; do
		found=$(man -M "$work/root$prefix/share/man" -w "${page%%:*}" "${page#*:}") &&
			test -s "$found" || return 1
	done
}

completes()
{
	cat >"$work/complete.bash" <<'END'
PATH=$1:$PATH
. "$2"
try() { COMP_WORDS=("${@:2}"); COMP_CWORD=$1; COMPREPLY=(); _covstat covstat; echo "${COMPREPLY[*]}"; }
try 1 covstat att
try 3 covstat attach vivid --eng
try 2 covstat checkpoint de
END
	bash "$work/complete.bash" "$work/root$prefix/bin" \
		"$work/root$prefix/share/bash-completion/completions/covstat" >"$work/words" &&
		printf 'attach\n--engine\ndel\n' | diff - "$work/words"
}

another_libdir()
{
	make_here install "DESTDIR=$work/multi" PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu &&
		test -e "$work/multi/usr/lib/x86_64-linux-gnu/libcov.so.1" &&
		grep -qx 'libdir=/usr/lib/x86_64-linux-gnu' \
			"$work/multi/usr/lib/x86_64-linux-gnu/pkgconfig/libcov.pc"
}

# Nothing is installed, or all but the Python module; never to the root directory.
without_python()
{
	for target in install uninstall; do
		! make_here $target "DESTDIR=$work/none" PREFIX=$prefix PYTHON=/nonexistent \
			2>"$work/said" || return 1
		grep -q 'set PYTHON to another one, or PYTHONDIR' "$work/said" || return 1
	done
	test ! -e "$work/none" &&
		make_here install "DESTDIR=$work/none" PREFIX=$prefix PYTHONDIR= &&
		test -e "$work/none$prefix/bin/covstat" &&
		test -z "$(find "$work/none" -name '*.py')" &&
		make_here uninstall "DESTDIR=$work/none" PREFIX=$prefix PYTHONDIR= &&
		test -z "$(files "$work/none")"
}

# As a distribution's build passes them.
takes_flags()
{
	make_here -n -B build/obj/libcov/cov.o build/obj/covstat/main.o build/obj/compat/codecov.o \
		CPPFLAGS=-DFROM_OUTSIDE CFLAGS=-g1 WERROR= |
		sed -e :a -e '/\\$/N; s/\\\n//; ta' >"$work/commands" &&
		test "$(grep -c -- '-DFROM_OUTSIDE.* -g1 .*-c -o' "$work/commands")" = 3 &&
		! grep -q Werror "$work/commands" &&
		make_here -n -B build/obj/libcov/cov.o | grep -q -- -Werror
}

# Of the project's own headers, and whatever the environment calls BUILD.
knows_what_it_is_made_of()
{
	for header in libcov/libcov.h libcov/internal.h include/cov_ioctl.h include/cov_release.h; do
		make_here -n -W $header build/obj/libcov/cov.o | grep -q -- '-c -o' || return 1
	done
	make_here -n install "DESTDIR=$work/root" PREFIX=$prefix BUILD=elsewhere >"$work/commands" &&
		! grep -q elsewhere "$work/commands"
}

# livecov.ko of one kernel, as modules_install leaves it, and modprobe's list of what is there.
uninstalls_the_module()
{
	release=1.2.3-test
	modules=$work/module/lib/modules/$release
	mkdir -p "$modules/updates" &&
		cp build/unit/libcov/toy.ko "$modules/updates/toy.ko" &&
		cp build/unit/libcov/toy.ko "$modules/updates/livecov.ko.xz" &&
		echo 'updates/livecov.ko.xz:' >"$modules/modules.dep" &&
		make_here uninstall "DESTDIR=$work/module" PREFIX=$prefix KVER=$release &&
		test ! -e "$modules/updates/livecov.ko.xz" &&
		test -e "$modules/updates/toy.ko" &&
		test "$(cat "$modules/modules.dep")" = updates/toy.ko: || return 1
	# Of the kernel whose headers KDIR has.
	mkdir -p "$work/headers/include/generated" &&
		echo "#define UTS_RELEASE \"$release\"" \
			>"$work/headers/include/generated/utsrelease.h" &&
		cp build/unit/libcov/toy.ko "$modules/updates/livecov.ko" &&
		make_here uninstall "DESTDIR=$work/module" PREFIX=$prefix "KDIR=$work/headers" &&
		test ! -e "$modules/updates/livecov.ko"
}

leaves_nothing()
{
	: >"$work/root$prefix/bin/other"
	make_here uninstall "DESTDIR=$work/root" PREFIX=$prefix &&
		test "$(files "$work/root")" = ".$prefix/bin/other"
}

check install_succeeds make_here install "DESTDIR=$work/root" PREFIX=$prefix
check installed_tree_is_complete complete
check python_module_goes_where_python_looks python_looks_there
check installed_pkg_config_names_the_prefix pkg_config_names_the_prefix
check installed_headers_and_library_compile_a_program a_program_compiles_and_runs
check installed_codecov_header_and_library_compile_a_program a_program_for_codecov_compiles_and_runs
check installed_covstat_finds_its_library covstat_finds_its_library
check installed_python_module_finds_its_library python_imports
check installed_man_pages_are_found man_finds_the_pages
check installed_completion_knows_commands_and_options completes
check install_takes_another_libdir another_libdir
check install_without_python_says_what_to_set without_python
check the_build_takes_flags takes_flags
check the_build_knows_what_it_is_made_of knows_what_it_is_made_of
check uninstall_removes_the_module_too uninstalls_the_module
check uninstall_leaves_nothing_of_it_and_all_else leaves_nothing
# The build directory's libcov.pc is for the default prefix again.
make_here build/libcov.pc
exit $failed
