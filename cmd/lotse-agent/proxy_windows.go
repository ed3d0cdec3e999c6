package main

import (
	"errors"
	"net/url"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

var (
	winhttp        = windows.NewLazySystemDLL("winhttp.dll")
	winHTTPOpen    = winhttp.NewProc("WinHttpOpen")
	winHTTPClose   = winhttp.NewProc("WinHttpCloseHandle")
	winHTTPSetting = winhttp.NewProc("WinHttpGetIEProxyConfigForCurrentUser")
	winHTTPForURL  = winhttp.NewProc("WinHttpGetProxyForUrl")
	globalFree     = windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalFree")
)

// Constants from winhttp.h.
const (
	accessNoProxy      = 1
	autoProxyDetect    = 1
	autoProxyConfigURL = 2
	detectDHCP         = 1
	detectDNS          = 2

	// errLoginFailure is ERROR_WINHTTP_LOGIN_FAILURE.
	errLoginFailure = syscall.Errno(12015)
)

// ieProxyConfig is WINHTTP_CURRENT_USER_IE_PROXY_CONFIG.
type ieProxyConfig struct {
	autoDetect                    int32
	configURL, proxy, proxyBypass *uint16
}

// autoProxyOptions is WINHTTP_AUTOPROXY_OPTIONS.
type autoProxyOptions struct {
	flags, detectFlags uint32
	configURL          *uint16
	reserved           uintptr
	reserved2          uint32
	logon              int32
}

// proxyInfo is WINHTTP_PROXY_INFO.
type proxyInfo struct {
	access        uint32
	proxy, bypass *uint16
}

// scriptTimeout limits the time for finding and running a proxy script. A network without one
// may take half a minute to report that.
const scriptTimeout = 5 * time.Second

// scripted is the answer of the script, which runs only once.
var scripted struct {
	once sync.Once
	scriptAnswer
}

// scriptAnswer is what a proxy script said. known is false if there is no script or it failed. An
// empty proxy means that the script wants a direct connection.
type scriptAnswer struct {
	proxy, bypass string
	known         bool
}

// proxyOfSystem returns the proxy from the settings of the signed-in user. That is the answer
// of a script (PAC), which is found by its address or by the network (WPAD). Without an answer it
// is the fixed proxy. If the proxy cannot be determined, there is none.
func proxyOfSystem(u *url.URL) (*url.URL, error) {
	s := userSettings()
	proxy, bypass := s.proxy, s.bypass
	if winhttp.Load() == nil && (s.configURL != "" || s.detect) {
		scripted.once.Do(func() { scripted.scriptAnswer = askScript(u, s.configURL) })
		if scripted.known {
			proxy, bypass = scripted.proxy, scripted.bypass
		}
	}
	if bypassed(u.Hostname(), bypass) {
		return nil, nil
	}
	return proxyFromSetting(proxy)
}

// settings are the proxy settings of the signed-in user.
type settings struct {
	detect                   bool // look for a script in the network
	configURL, proxy, bypass string
}

// userSettings reads the settings from WinHTTP, which knows what was set in the dialogue. If
// there are none, it reads the registry, which administrators' policies and other programs set.
func userSettings() (s settings) {
	var c ieProxyConfig
	if winHTTPSetting.Find() == nil {
		if ok, _, _ := winHTTPSetting.Call(uintptr(unsafe.Pointer(&c))); ok != 0 {
			s = settings{c.autoDetect != 0, take(c.configURL), take(c.proxy), take(c.proxyBypass)}
		}
	}
	if s.configURL != "" || s.proxy != "" {
		return s
	}
	key, err := registry.OpenKey(registry.CURRENT_USER, `Software\Microsoft\Windows\CurrentVersion\Internet Settings`, registry.QUERY_VALUE)
	if err != nil {
		return s
	}
	defer key.Close()
	s.configURL, _, _ = key.GetStringValue("AutoConfigURL")
	if on, _, err := key.GetIntegerValue("ProxyEnable"); err == nil && on != 0 {
		s.proxy, _, _ = key.GetStringValue("ProxyServer")
		s.bypass, _, _ = key.GetStringValue("ProxyOverride")
	}
	return s
}

// askScript runs the script on another goroutine, which may outlive the wait.
func askScript(u *url.URL, configURL string) scriptAnswer {
	done := make(chan scriptAnswer, 1)
	go func() { done <- runScript(u.String(), configURL) }()
	select {
	case a := <-done:
		return a
	case <-time.After(scriptTimeout):
		return scriptAnswer{}
	}
}

func runScript(address, configURL string) scriptAnswer {
	agent, _ := windows.UTF16PtrFromString("lotse-agent")
	session, _, _ := winHTTPOpen.Call(uintptr(unsafe.Pointer(agent)), accessNoProxy, 0, 0, 0)
	if session == 0 {
		return scriptAnswer{}
	}
	defer winHTTPClose.Call(session)
	options := autoProxyOptions{flags: autoProxyDetect, detectFlags: detectDHCP | detectDNS}
	if configURL != "" {
		options.flags, options.detectFlags = autoProxyConfigURL, 0
		options.configURL, _ = windows.UTF16PtrFromString(configURL)
	}
	target, err := windows.UTF16PtrFromString(address)
	if err != nil {
		return scriptAnswer{}
	}
	var info proxyInfo
	ask := func() (ok bool, err error) {
		r, _, err := winHTTPForURL.Call(session, uintptr(unsafe.Pointer(target)), uintptr(unsafe.Pointer(&options)), uintptr(unsafe.Pointer(&info)))
		return r != 0, err
	}
	ok, err := ask()
	// Anybody in the network can offer a script by WPAD. So the user's name and password are
	// proved only to an address from the settings, and only if that address asks for them.
	if !ok && configURL != "" && errors.Is(err, errLoginFailure) {
		options.logon = 1
		ok, _ = ask()
	}
	a := scriptAnswer{take(info.proxy), take(info.bypass), ok}
	if !ok {
		return scriptAnswer{}
	}
	return a
}

// take copies a string that Windows allocated, and frees it.
func take(s *uint16) string {
	if s == nil {
		return ""
	}
	defer globalFree.Call(uintptr(unsafe.Pointer(s)))
	return windows.UTF16PtrToString(s)
}
