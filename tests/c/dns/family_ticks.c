// rule: resolver(3), gethostbyname(3), getnameinfo(3): each blocks only its thread while it waits for the server
// timeout: 40
#include "nameserver.h"

enum { MS = 150 };
#include "family.h"
