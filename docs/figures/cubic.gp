# SPDX-License-Identifier: MIT
# cubic.gp - congestion window of one long flow, and the curve RFC 9438 says
height = 560
load figs.'/common.gp'
set key off
colour(i) = word(colours, i) eq 'blue' ? blue : orange
csv = dir.'/cubic.csv'
set lmargin at screen 0.115
set tmargin at screen 0.86
set bmargin at screen 0.13
set xrange [20:140]
set yrange [0:*]
set xtics 20
set xlabel 'time (s)' offset 0,0.3
set ylabel 'congestion window (segments)' offset -0.4,0
set key at graph 0.99,1.09 right top horizontal Left reverse samplen 3.4 font ',12'
# The theory's dashes lie on CUBIC, which is wide to be seen below them.
width(i) = word(shown, i) eq 'cubic' ? 5 : 2
windows = "for [i=1:words(shown)] csv using 'time_s':word(shown, i).'_segments' " . \
	"with lines lw width(i) lc rgb colour(i) title word(labels, i)"
theory = strstrt(shown, 'cubic') == 0 ? '' : ", csv using 'time_s':'rfc_segments' " . \
	"with lines lw 1.5 dt 2 lc rgb black title 'theory: RFC 9438'"
eval 'plot '.windows.theory
