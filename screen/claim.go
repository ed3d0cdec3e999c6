package screen

// Running is a program of this kind that was started on the same display before this one. Its
// wishes are names for what it was started for, such as a gateway or a session.
type Running interface {
	// Has reports whether the program has a wish.
	Has(wish string) bool
	// Show makes the program show its panel. It returns false if the program does not answer.
	Show() bool
	// Close frees what the methods need.
	Close()
}
