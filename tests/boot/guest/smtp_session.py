# SPDX-License-Identifier: Apache-2.0
"""In a machine: one SMTP session that lasts, with a message every three seconds. A line on stdout for each that Postfix took; the
last line says how the session ended."""
import smtplib
import time

session = smtplib.SMTP("127.0.0.1", 25, timeout=60)
try:
    session.ehlo("sender.example.com")
    number = 0
    while True:
        number += 1
        session.sendmail("sender@example.com", ["someone@example.net"], f"Subject: session {number}\r\n\r\nhello\r\n")
        print("taken", flush=True)
        time.sleep(3)
except (OSError, smtplib.SMTPException) as error:
    print("broken", repr(error), flush=True)
