/*
 * A minimal viewer that uses libvncclient, for libvncclient_test.go. Its arguments are a host and a
 * port and, if these belong to a repeater, "ID" and a number. VNC_USERNAME, VNC_PASSWORD and VNC_CA
 * contain the user name, the password and the file of the certificate authority. The program prints
 * "picture" when it has received a picture. A line "type TEXT" on standard input types TEXT, and
 * "save FILE" writes the picture to FILE in the format PPM.
 */
#include <rfb/rfbclient.h>

static char *copy_of(const char *name)
{
	const char *value = getenv(name);
	return strdup(value ? value : "");
}

static char *password(rfbClient *c)
{
	return copy_of("VNC_PASSWORD");
}

static rfbCredential *credential(rfbClient *c, int type)
{
	rfbCredential *cred = calloc(1, sizeof *cred);
	if (type == rfbCredentialTypeX509) {
		cred->x509Credential.x509CACertFile = copy_of("VNC_CA");
		return cred;
	}
	cred->userCredential.username = copy_of("VNC_USERNAME");
	cred->userCredential.password = copy_of("VNC_PASSWORD");
	return cred;
}

static void finished(rfbClient *c)
{
	static int said;
	if (!said++) {
		printf("picture\n");
		fflush(stdout);
	}
}

static void save(rfbClient *c, const char *file)
{
	FILE *f = fopen(file, "w");
	if (!f)
		return;
	fprintf(f, "P6 %d %d 255\n", c->width, c->height);
	for (int i = 0; i < c->width * c->height; i++) {
		uint32_t p = ((uint32_t *)c->frameBuffer)[i];
		uint8_t rgb[3] = { p >> c->format.redShift, p >> c->format.greenShift, p >> c->format.blueShift };
		fwrite(rgb, 3, 1, f);
	}
	fclose(f);
	printf("saved\n");
	fflush(stdout);
}

static void press(rfbClient *c, uint32_t keysym)
{
	SendKeyEvent(c, keysym, TRUE);
	SendKeyEvent(c, keysym, FALSE);
}

static void obey(rfbClient *c, char *line)
{
	line[strcspn(line, "\n")] = 0;
	if (!strncmp(line, "save ", 5)) {
		save(c, line + 5);
	} else if (!strncmp(line, "type ", 5)) {
		SendPointerEvent(c, 200, 360, 0);
		for (char *p = line + 5; *p; p++)
			press(c, *p);
		press(c, XK_Return);
	}
}

int main(int argc, char **argv)
{
	rfbClient *c = rfbGetClient(8, 3, 4);
	char line[1000];

	setvbuf(stdin, NULL, _IONBF, 0); /* select does not notice a line that stdio has read ahead */
	if (argc != 3 && argc != 5)
		return 2;
	c->serverHost = strdup(argv[1]);
	c->serverPort = atoi(argv[2]);
	if (argc == 5) {
		c->destHost = strdup(argv[3]);
		c->destPort = atoi(argv[4]);
	}
	c->appData.encodingsString = "zrle copyrect raw";
	c->GetPassword = password;
	c->GetCredential = credential;
	c->FinishedFrameBufferUpdate = finished;
	c->canHandleNewFBSize = TRUE;
	if (!rfbInitClient(c, NULL, NULL))
		return 1; /* it has printed the reason */
	for (;;) {
		fd_set set;
		struct timeval wait = { 0, 0 };
		int n = WaitForMessage(c, 10000);
		if (n < 0 || (n > 0 && !HandleRFBServerMessage(c)))
			break;
		FD_ZERO(&set);
		FD_SET(0, &set);
		wait.tv_usec = n ? 0 : 10000;
		if (select(1, &set, NULL, NULL, &wait) > 0) {
			if (!fgets(line, sizeof line, stdin))
				break;
			obey(c, line);
		}
	}
	printf("gone\n");
	return 0;
}
