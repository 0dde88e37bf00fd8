# SPDX-License-Identifier: MIT
# fig3c.gp - goodput against message size, one message a connection
load figs.'/common.gp'
set logscale x 2
set xrange [56:9400]
set logscale y
set yrange [0.05:60]
set ytics (0.1, 1, 10, 40)
set xtics ('64 B' 64, '256 B' 256, '1 KiB' 1024, '4 KiB' 4096, '8 KiB' 8192)
set xlabel 'message size' offset 0,0.3
eval ylabel('goodput (Gb/s)', top_px, top_px+plot_px)
crosses = failed("column('workload.size_bytes')", '0.055', 'requests_per_s')
plot for [i=1:5] csv using (is(system[i]) ? column('workload.size_bytes') : NaN): \
		(column('goodput_gbps')) with linespoints ls i title system[i], \
     for [i=1:5] published('fig3c', system[i]) using 3:5 with points ls 10+i notitle, \
     NaN with points ls 20 title 'published' @crosses
