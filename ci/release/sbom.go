package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// These types are the part of CycloneDX 1.5 that is used here.
type (
	bom struct {
		Format     string      `json:"bomFormat"`
		Spec       string      `json:"specVersion"`
		Version    int         `json:"version"`
		Metadata   metadata    `json:"metadata"`
		Components []component `json:"components"`
	}
	metadata struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	}
	component struct {
		Type       string      `json:"type"`
		Ref        string      `json:"bom-ref,omitempty"`
		Name       string      `json:"name"`
		Version    string      `json:"version,omitempty"`
		Purl       string      `json:"purl,omitempty"`
		Hashes     []hash      `json:"hashes,omitempty"`
		Properties []property  `json:"properties,omitempty"`
		Components []component `json:"components,omitempty"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

// sbom lists the programs of a release and the parts in them.
func sbom(version, out string, programs []string) error {
	when, err := date()
	if err != nil {
		return err
	}
	list, err := parts(programs)
	if err != nil {
		return err
	}
	b := bom{Format: "CycloneDX", Spec: "1.5", Version: 1, Metadata: metadata{when.Format(time.RFC3339), component{Type: "application", Ref: "lotse", Name: "lotse", Version: version}}}
	for _, p := range programs {
		body, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		b.Metadata.Component.Components = append(b.Metadata.Component.Components,
			component{Type: "file", Name: filepath.Base(p), Version: version, Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}}})
	}
	for _, p := range list {
		c := component{Type: "library", Name: p.name, Version: p.version,
			Purl: "pkg:" + p.kind + "/" + strings.ReplaceAll(strings.ToLower(p.name), "@", "%40") + "@" + p.version}
		c.Ref = c.Purl
		if sum, ok := strings.CutPrefix(p.sum, "sha512-"); ok {
			if raw, err := base64.StdEncoding.DecodeString(sum); err == nil {
				c.Hashes = []hash{{"SHA-512", hex.EncodeToString(raw)}}
			}
		} else if p.sum != "" {
			c.Properties = []property{{"go.sum", p.sum}}
		}
		b.Components = append(b.Components, c)
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644)
}
