/* submit, client, for Windows: asks for the name, the DNI and the code. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>

static void ask(const char *what, char *line, int size) {
    printf("%s: ", what);
    fflush(stdout);
    if (!fgets(line, size, stdin)) exit(1);
    line[strcspn(line, "\r\n")] = 0;
}

int main(void) {
    WSADATA data;
    char name[256], dni[64], code[64], message[512], reply[1024];
    ask("Nombre", name, sizeof name);
    ask("DNI", dni, sizeof dni);
    ask("OTP", code, sizeof code);
    int size = snprintf(message, sizeof message, "%s&%s&%s", name, dni, code);
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(21000)};
    server.sin_addr.s_addr = inet_addr("127.0.0.1");
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) return 1;
    SOCKET sock = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(sock, (struct sockaddr *)&server, sizeof server) != 0) return 1;
    send(sock, message, size, 0);
    shutdown(sock, SD_SEND);
    for (int got; (got = recv(sock, reply, sizeof reply, 0)) > 0;) printf("%.*s", got, reply);
    puts("");
    return 0;
}
