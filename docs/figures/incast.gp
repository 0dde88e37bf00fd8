# SPDX-License-Identifier: MIT
# incast.gp - goodput and round time against the number of senders
height = 850
N = words(shown)
key_rows = N
# Curves of 1 ms lie on those of DCTCP: their marks are rings round the others.
array kind[3] = [7, 9, 11]
array ring_ps[3] = [2.8, 2.2, 1.6]
load figs.'/common.gp'
colour(i) = word(colours, i) eq 'blue' ? blue : word(colours, i) eq 'orange' ? orange : green
csv = dir.'/incast.csv'
what(i, rto) = word(shown, i).'_'.rto.'ms_'
style = "with linespoints lw 2 dt 1 + (rto eq '1') lc rgb colour(i) ". \
	"pt kind[i] - (rto eq '1') ps mark * (rto eq '1' ? ring_ps[i] : 0.8)"
set multiplot
set xrange [0:66]
set xtics 8
set bmargin at screen 0.57
set yrange [0:10]
set ytics 2.5
set format x ''
eval ylabel('goodput (Gb/s)', top_px, 0.43 * height)
eval "plot for [rto in '200 1'] for [i=1:N] csv using 'senders':what(i, rto).'gbps' ".style. \
	" title word(labels, i).', timeout at least '.rto.' ms'"
unset label 9001
unset key
set tmargin at screen 0.53
set bmargin at screen 0.085
set format x '%g'
set xlabel 'senders' offset 0,0.4
set yrange [0.1:1000]
set logscale y 10
set ytics (0.1, 1, 10, 100, 1000)
eval ylabel('mean round (ms)', 0.47 * height, 0.915 * height)
eval "plot for [rto in '200 1'] for [i=1:N] csv using 'senders':what(i, rto).'round_ms' ".style
unset multiplot
