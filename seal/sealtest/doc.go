// Package sealtest implements a man in the middle of the seal, for tests. It is written from
// seal/SPEC.md and shares no code with package seal. The man in the middle knows the session number
// and tries to make the comparison codes of both ends equal.
package sealtest
