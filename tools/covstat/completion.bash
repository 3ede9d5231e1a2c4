# SPDX-License-Identifier: GPL-2.0-only
#
# Bash completion of covstat's commands, options and modules. It parses covstat's own --help, so
# that it is always up to date.

_covstat_options()
{
	"$@" --help 2>/dev/null | grep -oE '^ +(-[[:alnum:]], )?--[a-z-]+' | grep -oE -- '--[a-z-]+'
}

_covstat()
{
	local word=${COMP_WORDS[COMP_CWORD]} words

	if [ "$COMP_CWORD" -eq 1 ]; then
		words=$("$1" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
		words="$words --help --version"
	elif [[ $word == -* ]]; then
		words=$(_covstat_options "$1" "${COMP_WORDS[1]}")
	elif [ "$COMP_CWORD" -eq 2 ]; then
		case ${COMP_WORDS[1]} in
		attach | detach | list | reset) words=$(cut -d ' ' -f 1 /proc/modules) ;;
		checkpoint) words='add del restart enable disable list' ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o default -F _covstat covstat
