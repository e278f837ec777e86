# SPDX-License-Identifier: ISC
# Counts of the lines of speaker.c: a line "NAME lost repeated broken" for each
# speaker, and a line for lines of no speaker, with the name "?".
function tail_of(n) { return substr(dots, 1, n % 60) }
BEGIN { dots = "............................................................" }
{
	n = $2 + 0
	if ($0 != $1 " " n " of " $4 || !match($4, /^[0-9]+/)) { broken[NF >= 1 && ($1 in last) ? $1 : "?"]++; next }
	total = substr($4, 1, RLENGTH)
	if ($4 != total tail_of(n)) { broken[($1 in last) ? $1 : "?"]++; next }
	of[$1] = total
	if (n <= last[$1]) again[$1]++
	else { lost[$1] += n - last[$1] - 1; last[$1] = n }
}
END {
	for (name in of)
		print name, lost[name] + of[name] - last[name], again[name] + 0, broken[name] + 0
	print "?", 0, 0, broken["?"] + 0
}
