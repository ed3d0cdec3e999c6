package audit

import (
	"testing"

	"lotse/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
