// Package x11 implements lotse/screen for an X server (X11, or Xwayland where the
// compositor lets it), by the extensions DAMAGE, MIT-SHM, XFIXES, Composite, XTEST, XInput
// and XKB. It is pure Go and needs no library on the machine. It knows no rights: the
// caller of Input has checked them.
package x11
