package e2e

import (
	"fmt"
	"image"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// questionLine matches what the agent logs about its question window at level debug.
var questionLine = regexp.MustCompile(`msg="question window" area=consent right=(\S+) armed=(\S+) buttons=(?:"((?:[^"\\]|\\.)*)"|(\S*))`)

// question is the state of the question window at one moment.
type question struct {
	right   string
	armed   bool
	buttons map[string]image.Rectangle
}

// readQuestion parses a line of the log.
func readQuestion(line string) (q question, ok bool) {
	m := questionLine.FindStringSubmatch(line)
	if m == nil {
		return q, false
	}
	q = question{right: m[1], armed: m[2] == "true", buttons: map[string]image.Rectangle{}}
	for _, field := range strings.Fields(m[3] + m[4]) {
		name, place, _ := strings.Cut(field, "=")
		var n [4]int
		for i, s := range strings.SplitN(place, ",", 4) {
			n[i], _ = strconv.Atoi(s)
		}
		q.buttons[name] = image.Rect(n[0], n[1], n[0]+n[2], n[1]+n[3])
	}
	return q, true
}

// customerHand is the mouse of the person at the customer's computer.
type customerHand interface {
	move(p image.Point)
	click(p image.Point)
}

// questionFrom waits until the agent has logged a state of its question window after mark that
// want accepts, and returns the newest such state.
func (p *process) questionFrom(mark int, what string, want func(question) bool) (q question) {
	p.t.Helper()
	eventually(p.t, what, func() error {
		lines := p.Output()
		for i := len(lines) - 1; i >= mark; i-- {
			if found, ok := readQuestion(lines[i]); ok {
				if q = found; want(q) {
					return nil
				}
				break // an older state is no longer on the screen
			}
		}
		return fmt.Errorf("the last is %+v", q)
	})
	return q
}

// button finds a button by its name. A name that ends with * is a prefix.
func (q question) button(name string) (r image.Rectangle, ok bool) {
	prefix, open := strings.CutSuffix(name, "*")
	for found, r := range q.buttons {
		if found == name || open && strings.HasPrefix(found, prefix) {
			return r, true
		}
	}
	return r, false
}

// choice returns the name of a program's button in a question that lists programs.
func choice(program *process) string {
	return fmt.Sprintf("choice:app:pid:%d:*", program.PID())
}

// presses waits for the agent's next question for a right after mark, and presses buttons one
// after the other with the customer's own mouse. Before each button it waits until the window
// is armed, although some buttons count earlier: if the window disarms after a press, the press
// did not count.
func (p *process) presses(hand customerHand, mark int, right string, buttons ...string) {
	p.t.Helper()
	for _, name := range buttons {
		for counts := false; !counts; {
			q := p.questionFrom(mark, "the question for "+right+" with "+name, func(q question) bool {
				_, there := q.button(name)
				return q.right == right && there && q.armed
			})
			mark = p.Mark()
			// A pointer that already was over the button does not count. Like a hand, it comes
			// from outside and moves across the window. Wine sees the pointer only over its own
			// windows.
			r, _ := q.button(name)
			hand.move(image.Pt(1, 1))
			hand.move(image.Pt(r.Min.X+r.Dx()/2, r.Min.Y-3))
			hand.click(r.Min.Add(r.Size().Div(2)))
			counts = p.pressed(mark, q)
		}
	}
}

// pressAgain is the time after which a press without an effect is repeated.
const pressAgain = 20 * time.Second

// pressed waits until a press in the question q has had an effect after mark. It returns false
// if the window did not accept the press and waits for another one. Wine merges several motions
// into one and creates input of its own, so that a press at a bad moment does not count there. X11
// may take a pointer that entered the button right after it was armed for one that entered before.
func (p *process) pressed(mark int, q question) (counts bool) {
	p.t.Helper()
	began := time.Now()
	eventually(p.t, "what a press does", func() error {
		disarmed := false
		for _, line := range p.Output()[mark:] {
			now, ok := readQuestion(line)
			switch {
			case strings.Contains(line, `msg="question window answered" area=consent right=`+q.right), strings.Contains(line, "The session is over"),
				ok && (now.right != q.right || !maps.Equal(now.buttons, q.buttons)):
				counts = true
				return nil
			case ok && !now.armed:
				disarmed = true
			case ok && disarmed:
				return nil
			}
		}
		if time.Since(began) > pressAgain {
			return nil
		}
		return fmt.Errorf("nothing")
	})
	return counts
}

// allow makes the customer allow the agent's next question for a right.
func allow(d *display, agent *process, mark int, right string) {
	agent.t.Helper()
	d.answers(agent, mark, right, "allow")
}

// answers presses buttons of the agent's next question with the customer's mouse. It returns
// when the advisor's input counts again because the mouse has rested long enough.
func (d *display) answers(agent *process, mark int, right string, buttons ...string) {
	agent.t.Helper()
	h := d.hands()
	defer h.c.Close()
	agent.presses(h, mark, right, buttons...)
	agent.handsStill()
}

// handsStill waits until the agent's last message about local input says that local input is
// over.
func (p *process) handsStill() {
	p.t.Helper()
	eventually(p.t, "the hand is still", func() error {
		lines := p.Output()
		for i := len(lines) - 1; i >= 0; i-- {
			switch {
			case strings.Contains(lines[i], `msg="local input" area=capture active=false`):
				return nil
			case strings.Contains(lines[i], `msg="local input" area=capture active=true`):
				return fmt.Errorf("not yet")
			}
		}
		return fmt.Errorf("it was not noticed")
	})
}

func TestReadQuestion(t *testing.T) {
	q, ok := readQuestion(`time=… level=DEBUG msg="question window" area=consent right=view armed=true buttons="allow=10,20,100,30 choice:app:pid:7:9=1,2,3,4"`)
	if !ok || q.right != "view" || !q.armed || q.buttons["allow"] != image.Rect(10, 20, 110, 50) || q.buttons["choice:app:pid:7:9"] != image.Rect(1, 2, 4, 6) {
		t.Errorf("%+v, %v", q, ok)
	}
	if q, ok = readQuestion(`msg="question window" area=consent right=control armed=false buttons=refuse=1,2,3,4`); !ok || q.armed || len(q.buttons) != 1 {
		t.Errorf("%+v, %v", q, ok)
	}
}
