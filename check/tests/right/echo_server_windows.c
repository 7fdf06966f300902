/* echo, server, for Windows: capitals of ASCII letters and of the Spanish ones in UTF-8. */
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>

int main(void) {
    WSADATA data;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(16000)};
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) return 1;
    SOCKET sock = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(sock, (struct sockaddr *)&own, sizeof own) != 0) return 1;
    for (;;) {
        static unsigned char text[65536];
        struct sockaddr_in peer;
        int length = sizeof peer;
        int got = recvfrom(sock, (char *)text, sizeof text, 0, (struct sockaddr *)&peer, &length);
        for (int i = 0; i < got; i++) {
            int accent = i > 0 && text[i - 1] == 0xc3;
            if (accent && text[i] == 0x9f) text[i - 1] = text[i] = 'S'; /* sharp s */
            else if ((text[i] >= 'a' && text[i] <= 'z') || (accent && text[i] >= 0xa0)) text[i] -= 32;
        }
        /* An error tells of a client that has gone: the next one is waited for. */
        if (got < 0) continue;
        sendto(sock, (char *)text, got, 0, (struct sockaddr *)&peer, length);
        if (got == 3 && memcmp(text, "FIN", 3) == 0) return 0;
    }
}
