// Command bench measures speed, size and processor time of the whole path: agent, gateway,
// `lotse view` and a decoding viewer. In the same run it measures other VNC servers on the same
// display, alternating between them. `make bench` runs it; -h explains how to run a part.
//
// A real X client draws the workloads (workload.go). Each frame shows its number in several
// places, as black and white cells (marker.go). A frame counts when all these places show the
// same number in the decoded frame. A frame's age is the time from drawing to that moment. A
// simulated line with a given rate and delay connects viewer and server (link.go).
package main
