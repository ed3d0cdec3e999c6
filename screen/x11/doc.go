// Package x11 implements lotse/screen for an X server (X11, or Xwayland as far as the compositor
// allows), with the extensions DAMAGE, MIT-SHM, XFIXES, Composite, XTEST, XInput and XKB. It is
// pure Go and needs no library on the machine. It does not check rights: the caller of Input must.
package x11
