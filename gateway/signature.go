package gateway

import (
	"bytes"
	"crypto"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
)

// The page shows who signed a Windows program, so that the customer knows which name Windows will
// show. The files are the ones that the operator put into his folder. Windows, not the gateway,
// decides whether the signer is trusted.

const (
	maxSignature = 256 << 10
	maxHeader    = 4096
)

var errUnsigned = errors.New("not signed")

// signer returns the name in the certificate that signed a PE file, after checking that the
// signature matches the content. The error is errUnsigned if there is no signature.
func signer(f io.ReaderAt, size int64) (string, error) {
	p, err := parsePE(f, size)
	if err != nil {
		return "", err
	}
	table := make([]byte, p.tableSize)
	if _, err := f.ReadAt(table, p.tableAt); err != nil && err != io.EOF {
		return "", err
	}
	// WIN_CERTIFICATE: length, revision, type 2 = PKCS #7.
	if len(table) < 8 || binary.LittleEndian.Uint16(table[6:]) != 2 {
		return "", errUnsigned
	}
	s, err := parseSigned(table[8:])
	if err != nil {
		return "", err
	}
	sum, err := p.hash(f, s.hash)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(sum, s.digest) {
		return "", errors.New("the file was changed after it was signed")
	}
	if len(s.certificate.Subject.Organization) > 0 {
		return s.certificate.Subject.Organization[0], nil
	}
	return s.certificate.Subject.CommonName, nil
}

// peFile has the offsets of the parts of a PE file that a signature does not cover.
type peFile struct {
	checksumAt, securityAt, tableAt, tableSize int64
}

func parsePE(f io.ReaderAt, size int64) (p peFile, err error) {
	header := make([]byte, maxHeader)
	n, err := f.ReadAt(header, 0)
	if err != nil && err != io.EOF {
		return p, err
	}
	if header = header[:n]; n < 0x40 || string(header[:2]) != "MZ" {
		return p, errUnsigned
	}
	pe := int64(binary.LittleEndian.Uint32(header[0x3c:]))
	optional := pe + 24
	if optional+160 > int64(n) || string(header[pe:pe+4]) != "PE\x00\x00" {
		return p, errUnsigned
	}
	p.checksumAt, p.securityAt = optional+64, optional+144
	if binary.LittleEndian.Uint16(header[optional:]) == 0x10b { // 32 bit
		p.securityAt = optional + 128
	}
	p.tableAt = int64(binary.LittleEndian.Uint32(header[p.securityAt:]))
	p.tableSize = int64(binary.LittleEndian.Uint32(header[p.securityAt+4:]))
	if p.tableSize == 0 || p.tableSize > maxSignature || p.tableAt < p.securityAt+8 || p.tableAt+p.tableSize != size {
		return p, errUnsigned
	}
	return p, nil
}

// hash computes the hash without the parts that signing changes.
func (p peFile) hash(f io.ReaderAt, h crypto.Hash) ([]byte, error) {
	sum := h.New()
	for _, part := range [][2]int64{{0, p.checksumAt}, {p.checksumAt + 4, p.securityAt}, {p.securityAt + 8, p.tableAt}} {
		if _, err := io.Copy(sum, io.NewSectionReader(f, part[0], part[1]-part[0])); err != nil {
			return nil, err
		}
	}
	return sum.Sum(nil), nil
}

// signedContent is the relevant part of a PKCS #7 signature.
type signedContent struct {
	hash        crypto.Hash
	digest      []byte
	certificate *x509.Certificate
}

// RFC 2315, section 9, and Microsoft's SpcIndirectDataContent.
type (
	pkcs7 struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	signedData struct {
		Version      int
		Algorithms   asn1.RawValue
		Content      pkcs7
		Certificates asn1.RawValue `asn1:"optional,tag:0"`
		CRLs         asn1.RawValue `asn1:"optional,tag:1"`
		Signers      []signerInfo  `asn1:"set"`
	}
	signerInfo struct {
		Version int
		Issuer  struct {
			Name   asn1.RawValue
			Serial *big.Int
		}
		Rest asn1.RawValue
	}
	indirectData struct {
		Data   asn1.RawValue
		Digest struct {
			Algorithm pkix.AlgorithmIdentifier
			Digest    []byte
		}
	}
)

var hashes = map[string]crypto.Hash{
	"2.16.840.1.101.3.4.2.1": crypto.SHA256, "2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

func parseSigned(der []byte) (s signedContent, err error) {
	var outer pkcs7
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		return s, err
	}
	var data signedData
	if _, err := asn1.Unmarshal(outer.Content.Bytes, &data); err != nil {
		return s, err
	}
	var content indirectData
	if _, err := asn1.Unmarshal(data.Content.Content.Bytes, &content); err != nil {
		return s, err
	}
	s.hash, s.digest = hashes[content.Digest.Algorithm.Algorithm.String()], content.Digest.Digest
	if s.hash == 0 {
		return s, errors.New("signed with a hash that is not known here")
	}
	certificates, err := x509.ParseCertificates(data.Certificates.Bytes)
	if err != nil {
		return s, err
	}
	for _, c := range certificates {
		if len(data.Signers) > 0 && c.SerialNumber.Cmp(data.Signers[0].Issuer.Serial) == 0 && bytes.Equal(c.RawIssuer, data.Signers[0].Issuer.Name.FullBytes) {
			s.certificate = c
			return s, nil
		}
	}
	return s, errors.New("the signer's certificate is not in the file")
}
