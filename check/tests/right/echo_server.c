/* echo, server: capitals of ASCII letters and of the Spanish ones in UTF-8. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int main(int count, char **words) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    int sock = socket(AF_INET, SOCK_DGRAM, 0);
    if (count < 2 || bind(sock, (struct sockaddr *)&own, sizeof own) < 0) return perror("bind"), 1;
    for (;;) {
        unsigned char text[2048], reply[2 * sizeof text];
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        ssize_t got = recvfrom(sock, text, sizeof text, 0, (struct sockaddr *)&peer, &length);
        size_t size = 0;
        for (ssize_t i = 0; i < got; i++) {
            unsigned char byte = text[i];
            if (byte == 0xc3 && i + 1 < got && text[i + 1] == 0x9f) { /* sharp s */
                reply[size++] = 'S', reply[size++] = 'S', i++;
                continue;
            }
            int accented = i > 0 && text[i - 1] == 0xc3 && byte >= 0xa0 && byte != 0xb7;
            if ((byte >= 'a' && byte <= 'z') || accented) byte -= 0x20;
            reply[size++] = byte;
        }
        printf("%.*s\n", (int)got, text);
        sendto(sock, reply, size, 0, (struct sockaddr *)&peer, length);
        if (size == 3 && memcmp(reply, "FIN", 3) == 0) return 0;
    }
}
