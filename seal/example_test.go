package seal_test

import (
	"context"
	"fmt"
	"io"
	"net"

	"lotse/seal"
)

// Two ends that know the same number turn an open connection into a sealed one.
func Example() {
	here, there := net.Pipe()
	params := seal.Params{Number: "482193057", Kind: "view", Stream: "stream-1"}
	go func() {
		agent, err := seal.Handshake(context.Background(), there, seal.Agent, params)
		if err != nil {
			fmt.Println("agent:", err)
			return
		}
		defer agent.Close()
		_, _ = io.WriteString(agent, "RFB 003.008\n")
	}()
	advisor, err := seal.Handshake(context.Background(), here, seal.Advisor, params)
	if err != nil {
		fmt.Println("advisor:", err)
		return
	}
	defer advisor.Close()
	// Both users can read out these digits: they differ if somebody is in the middle.
	fmt.Println(len(advisor.Compare()), "digits to compare")
	text, err := io.ReadAll(advisor)
	fmt.Printf("%q %v\n", text, err)
	// Output:
	// 4 digits to compare
	// "RFB 003.008\n" <nil>
}
