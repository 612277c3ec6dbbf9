"""A Zoom to run against: one process, one loop, everything in memory.

Imitated, from Zoom's documentation and from what the Meeting SDK for Web 6.2.0 sends:

- the server-to-server token endpoint and the REST calls for users and meetings, with scopes,
  Zoom's error bodies, its passcode and start-time rules and the daily cap on meeting writes;
- the part of Zoom the Web SDK talks to until a person is in the meeting: it checks the signature,
  the passcode and the ZAK for real and answers in the words the SDK turns into its error codes;
- a stand-in for that SDK, and pages where the Zoom app would open.

Not imitated: audio, video and anything else inside a meeting; the real SDK's roster (it shows a
timeout some ten seconds after joining); webhooks; webinars, registrants, recordings, personal
meeting rooms, occurrences of recurring meetings and ``schedule_for``; Zoom's per-second rate limits
(plant a fault instead); user-level OAuth; "one meeting at a time per host"; the waiting room.
Where Zoom documents nothing, the stricter guess was taken and the function that makes it says so.
"""
