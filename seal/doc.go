// Package seal makes a channel between exactly two ends that both know a
// session number, over a stream that somebody else relays: a password-
// authenticated key exchange (CPace) with key confirmation, then records of
// AES-256-GCM. SPEC.md in this folder is normative; sections are cited from it.
//
// Use Handshake on any net.Conn; the result is a net.Conn again, as with
// tls.Client. The exchange gives an attacker one guess at the number per
// connection: share one Tries among all handshakes over the same number.
//
// Do not use it where the secret is long-lived or the peer unknown; it
// authenticates knowledge of the number and nothing else.
package seal
