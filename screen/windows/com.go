//go:build windows

package windows

import (
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// comObject is a COM object: a pointer to a pointer to its function table.
type comObject uintptr

// hresult is a COM result; negative values are errors.
type hresult uint32

func (r hresult) Error() string { return fmt.Sprintf("error %#x", uint32(r)) }

func (r hresult) failed() bool { return int32(r) < 0 }

// method calls the function with this index in the table.
//
//go:uintptrescapes
func (o comObject) method(index int, args ...uintptr) hresult {
	table := **(***[64]uintptr)(unsafe.Pointer(&o))
	r, _, _ := syscall.SyscallN(table[index], append([]uintptr{uintptr(o)}, args...)...)
	return hresult(r)
}

// release releases the object; 0 means no object.
func (o comObject) release() {
	if o != 0 {
		o.method(2)
	}
}

// as queries another interface of the object.
func (o comObject) as(id *windows.GUID) (other comObject, err error) {
	if r := o.method(0, uintptr(unsafe.Pointer(id)), uintptr(unsafe.Pointer(&other))); r.failed() {
		return 0, r
	}
	return other, nil
}
