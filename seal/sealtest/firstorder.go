package sealtest

import (
	"crypto/hmac"
	"errors"
	"io"
)

// The ends of version 1, as far as the attack needs them; package seal no longer supports version
// 1.

var errTag = errors.New("sealtest: wrong number")

// FirstOrderAgent runs version 1's agent and returns its comparison code.
func FirstOrderAgent(line io.ReadWriter, random io.Reader, number, kind, stream string) (code string, err error) {
	o := firstOrder
	x := scalar(random)
	ya := times(x, o.base(number, kind, stream)).Bytes()
	if err := write(line, typeShare, []byte{o.version}, ya); err != nil {
		return "", err
	}
	body, err := read(line, typeShareConfirm)
	if err != nil {
		return "", err
	}
	yb := body[1 : 1+shareSize]
	point, err := decode(yb)
	if err != nil {
		return "", err
	}
	s := o.derive(stream, times(x, point), ya, yb, o.advisorData(nil, nil))
	if !hmac.Equal(body[1+shareSize:], s.tag("advisor")) {
		return "", errTag
	}
	return s.code(), write(line, typeConfirm, s.tag("agent"))
}

// FirstOrderAdvisor runs version 1's advisor's end and returns its comparison code.
func FirstOrderAdvisor(line io.ReadWriter, random io.Reader, number, kind, stream string) (code string, err error) {
	o := firstOrder
	x := scalar(random)
	yb := times(x, o.base(number, kind, stream)).Bytes()
	share, err := read(line, typeShare)
	if err != nil {
		return "", err
	}
	ya := share[1:]
	point, err := decode(ya)
	if err != nil {
		return "", err
	}
	s := o.derive(stream, times(x, point), ya, yb, o.advisorData(nil, nil))
	if err := write(line, typeShareConfirm, []byte{o.version}, yb, s.tag("advisor")); err != nil {
		return "", err
	}
	tag, err := read(line, typeConfirm)
	if err == nil && !hmac.Equal(tag, s.tag("agent")) {
		err = errTag
	}
	return s.code(), err
}
