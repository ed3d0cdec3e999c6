// Package e2e holds the tests with real parts: real X servers, the real agent
// and gateway as processes, real viewers and a real Chromium. `make test` runs
// them behind the others; they use the programs in ../bin.
package e2e
