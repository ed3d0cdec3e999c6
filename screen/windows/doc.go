// Package windows implements lotse/screen on Windows, with user32, GDI and DXGI. It is
// pure Go. It knows no rights: the caller of Input has checked them.
//
// On other systems only what needs no system call is built: pointer shapes and the
// rotation of monitors.
package windows
