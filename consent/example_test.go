package consent_test

import (
	"fmt"

	"lotse/consent"
)

// An advisor asks for the view and the customer allows it; then the same for control, which the key
// revokes. The view stays.
func Example() {
	var s consent.State
	happen := func(e consent.Event) {
		var changes []consent.Change
		s, changes = consent.Next(s, e)
		for _, c := range changes {
			if c.Outcome == consent.Opened {
				fmt.Printf("question for %v\n", c.Right)
			}
		}
	}
	happen(consent.Event{Kind: consent.Join})
	happen(consent.Event{Kind: consent.Ask, Right: consent.View})
	// An answer contains the number of its question.
	happen(consent.Event{Kind: consent.Allow, Serial: s.Serial})
	happen(consent.Event{Kind: consent.Ask, Right: consent.Control})
	happen(consent.Event{Kind: consent.Allow, Serial: s.Serial})
	fmt.Println("control:", s.Effective().Has(consent.Control))
	happen(consent.Event{Kind: consent.Key})
	fmt.Println("control:", s.Effective().Has(consent.Control))
	fmt.Println("view:", s.Effective().Has(consent.View))
	// Output:
	// question for view
	// question for control
	// control: true
	// control: false
	// view: true
}
