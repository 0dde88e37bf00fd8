# SPDX-License-Identifier: MIT
# common.gp - what every figure shares: terminals, palette, axes, caption
#
# `ix figure` sets: name ext figs csv curves out title caption.
# Colours are Okabe and Ito's, distinct for colour-blind readers; published points are
# hollow or grey, ours are lines: shape tells them apart without colour too.
if (!exists("height")) height = 600
font = 'DejaVu Sans,Helvetica,Arial,sans-serif'
if (ext eq 'svg') set terminal svg size 900,height enhanced font font.',14' \
	background '#ffffff' name name
if (ext eq 'pdf') set terminal pdfcairo size 9in,(height/100.0)*1in enhanced \
	font 'DejaVu Sans,14' background '#ffffff'
if (ext eq 'png') set terminal pngcairo size 1800,2*height enhanced \
	font 'DejaVu Sans,14' fontscale 2 linewidth 2 pointscale 2 background '#ffffff'
set output out
set encoding utf8
set datafile separator ','
set datafile missing ''

black  = '#000000'
orange = '#e69f00'
sky    = '#56b4e9'
green  = '#009e73'
yellow = '#f0e442'
blue   = '#0072b2'
red    = '#d55e00'
purple = '#cc79a7'
grey   = '#8a8a8a'
light  = '#d9d9d9'

set style line 10 lc rgb light lw 1
set border 3 lc rgb '#444444' lw 1.2
set tics nomirror out scale 0.6 textcolor rgb '#222222'
set grid ytics ls 10
set key off
# Title and caption sit outside the axes, left-aligned with the page.
set label 9001 title at screen 0.025,0.962 left font ',17' tc rgb black noenhanced
set label 9002 caption at screen 0.025,0.105 left font ',9.5' tc rgb '#555555' noenhanced
set lmargin at screen 0.085
set rmargin at screen 0.97
set tmargin at screen 0.91
set bmargin at screen 0.235
