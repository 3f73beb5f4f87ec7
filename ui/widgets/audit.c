#include "ui/widgets/audit.h"
