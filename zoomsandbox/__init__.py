"""A Zoom to run against: one process, one loop, everything in memory.

Imitated, from Zoom's documentation and from what the Meeting SDK for Web 6.2.0 sends:

- the server-to-server token endpoint, with scopes granular and classic, both behaviours of a new
  token towards the earlier ones, and every state of an app that makes it say no;
- the REST calls for users and their settings, meetings of types 1, 2, 3 and 8 with occurrences,
  registrants, past meetings and recordings, with Zoom's error bodies, paging, rate limits by label
  and plan, and the hundred writes a day;
- the part of Zoom the Web SDK talks to until a person is in the meeting: it checks the signature,
  the passcode and the ZAK for real and answers in the words the SDK turns into its error codes;
- webhooks: the challenge, signed deliveries in Zoom's shapes, retries by a clock one can turn;
- a stand-in for that SDK, and pages where the Zoom app would open.

Not imitated: audio, video and anything else inside a meeting; the real SDK's roster (it shows a
timeout some ten seconds after joining); people waiting in a waiting room; webinars; personal
meeting rooms; user-level OAuth; other accounts' meetings, for which Zoom reviews apps. README.md
says what is sourced from where, and how sure that is. Where Zoom documents nothing, the stricter
guess was taken and the function that makes it says so.
"""

__version__ = "0.1.0"
