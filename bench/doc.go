// Command bench measures the picture: the full path agent → gateway → `lotse
// view` → a decoding viewer, beside other VNC servers on the same display, in
// one run, interleaved. `make bench` runs it; -h tells how to run a part.
//
// A workload is drawn by a real X client (workload.go). Each frame carries its
// number as black and white cells in several places (marker.go); a frame counts
// when all of them show one number in the decoded picture, and its age is the
// time from drawing to then. Between viewer and server stands a line of a given
// rate and delay (link.go).
package main
