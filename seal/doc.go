// Package seal makes a channel between exactly two ends that both know a session number, over a
// stream that a third party relays. It uses a password-authenticated key exchange (CPace) with key
// confirmation, then AES-256-GCM records. SPEC.md in this folder is normative and is cited by
// section.
//
// Use Handshake on any net.Conn; like tls.Client, it returns another net.Conn. Each exchange gives
// an attacker one guess at the number, so share one Tries among all handshakes over the same
// number.
//
// Do not use this package with a long-lived secret. It authenticates knowledge of the number and
// nothing else.
package seal
