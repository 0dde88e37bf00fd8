# SPDX-License-Identifier: MIT
# fig2.gp - NetPIPE goodput against message size: ours, and the published points
load figs.'/common.gp'
set logscale x 2
set xrange [48:900000]
set yrange [0:10]
set ytics 2
set xtics ('64 B' 64, '256 B' 256, '1 KiB' 1024, '4 KiB' 4096, '16 KiB' 16384, \
	'64 KiB' 65536, '256 KiB' 262144)
set xlabel 'message size' offset 0,0.3
set ylabel 'goodput (Gb/s)' offset 1.2,0
# Half of the link's rate, which claim C04 is about.
set arrow 1 from graph 0,first 5 to graph 1,first 5 nohead dt 3 lc rgb grey lw 1
set label 1 'half the line rate' at 52,5.25 left font ',10' tc rgb '#666666'
published(s) = "< awk -F, '$1==\"fig2\" && $2==\"".s."\"' '".curves."'"
set label 2 'IX, simulated' at 22000,7.75 right tc rgb blue font ',13'
set label 3 '○ IX, published' at 22000,7.2 right tc rgb blue font ',11'
set label 4 'Linux (published)' at 150000,4.55 left tc rgb '#666666' font ',11'
set label 5 'mTCP (published)' at 150000,2.15 left tc rgb '#666666' font ',11'
set datafile columnheaders
stats csv using (column('msg_bytes') == 64 ? column('one_way_us') : NaN) nooutput
set datafile nocolumnheaders
set label 6 sprintf('one way, 64 B: %.2f us simulated, 5.7 us published', STATS_max) \
	at graph 0.015,0.94 left tc rgb black font ',12'
plot published('Linux') using 3:5 with linespoints dt 2 lw 1.2 lc rgb grey pt 9 ps 0.9, \
     published('mTCP') using 3:5 with linespoints dt 2 lw 1.2 lc rgb grey pt 13 ps 0.9, \
     csv using (column('msg_bytes')):(column('goodput_gbps')) with lines lw 2.6 lc rgb blue, \
     published('IX') using 3:5 with points pt 6 ps 1.5 lw 2 lc rgb blue
