// rule: resolver(3), gethostbyname(3), getnameinfo(3): every function that asks a server gives the right answer
#include "nameserver.h"

enum { MS = 0 };
#include "family.h"
