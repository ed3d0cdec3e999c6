// Package e2e holds the tests with real parts: real X servers, the agent and the gateway as
// processes, real viewers and a real Chromium. `make test` runs these tests after the others.
// They use the programs in ../bin.
package e2e
