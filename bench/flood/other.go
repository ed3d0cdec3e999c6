//go:build !linux

package main

import "fmt"

func main() { fmt.Println("flood needs Linux: it makes a network namespace") }
