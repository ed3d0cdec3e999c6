// Package windows implements lotse/screen on Windows with user32, GDI and DXGI. It is pure Go. It
// does not check rights: the caller of Input must.
//
// On other systems only the parts without system calls are built: pointer shapes and the rotation
// of monitors.
package windows
