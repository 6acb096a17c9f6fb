"""What tests, docs and the demo have people do on the stand-in."""

from datetime import datetime, timedelta

from careline_twitter.sandbox.platform import Platform
from careline_twitter.sandbox.records import Direct, Media, Post, Reference, User
from careline_twitter.sandbox.writing import Draft

_YEARS = timedelta(days=5 * 365)


class Story:
    """The people of a story, their words, and what goes wrong."""

    platform: Platform

    @property
    def us(self) -> User:
        """The account that the tokens of this sandbox stand for."""
        return self.platform.us

    def user(
        self,
        username: str,
        *,
        name: str = "",
        followers: int | None = None,
        verified: bool | None = None,
        premium: bool | None = None,
    ) -> User:
        """Return somebody, changed as is said; whoever is not there yet joins."""
        world, username = self.platform.world, username.lstrip("@")
        found = world.names.get(username.lower())
        if found is None:
            at = world.now() - _YEARS
            found = world.add_user(User(world.new_id(at), username, username.title(), at))
        said = {"name": name or None, "followers": followers, "verified": verified}
        for field, value in (said | {"premium": premium}).items():
            if value is not None:
                setattr(found, field, value)
        return found

    def post(
        self,
        by: User | str,
        text: str,
        *,
        reply_to: Post | None = None,
        quote: Post | None = None,
        media: int = 0,
        lang: str = "en",
        at: datetime | None = None,
        lag: float | None = None,
    ) -> Post:
        """Have somebody post in X's own app. `media`: how many photos; `lag`: see `World.lag`."""
        author = self._user(by)
        references: dict[Reference, Post] = {}
        if reply_to is not None:
            references["replied_to"] = reply_to
        if quote is not None:
            references["quoted"] = quote
        draft = Draft(
            author=author,
            typed=text,
            references=references,
            media=tuple(self._photo(author) for _ in range(media)),
            lang=lang,
            at=at,
            lag=lag,
        )
        return self.platform.world.post(draft)

    def repost(self, by: User | str, post: Post) -> Post:
        """Have somebody repost."""
        draft = Draft(author=self._user(by), typed="", references={"retweeted": post})
        return self.platform.world.post(draft)

    def edit(self, post: Post, text: str) -> Post:
        """Have the author edit a post: its new version has a new id."""
        latest = post.versions[-1]
        return self.platform.world.post(
            Draft(
                author=post.author,
                typed=text,
                references=latest.references,
                media=latest.media,
                lang=latest.lang,
                edits=latest,
            )
        )

    def delete(self, post: Post) -> None:
        """Have the author delete a post."""
        self.platform.world.delete(post)

    def dm(
        self, by: User | str, text: str, *, to: User | str | None = None, at: datetime | None = None
    ) -> Direct:
        """Have somebody send a direct message: to us, unless it is said to whom."""
        receiver = self.us if to is None else self._user(to)
        return self.platform.world.direct(self._user(by), receiver, text, at=at)

    def encrypted_dm(self, by: User | str) -> None:
        """Have somebody write in XChat, which nobody but the two can read."""
        self.platform.world.encrypted(self._user(by), self.us)

    def follow(self, by: User | str, whom: User | str | None = None) -> None:
        """Have somebody follow us, or another."""
        self.platform.world.follow(self._user(by), self.us if whom is None else self._user(whom))

    def hide(self, post: Post, *, hidden: bool = True) -> None:
        """Have a reply hidden in X's own app."""
        post.hidden = hidden

    def refuse_dms(self, user: User | str, *, refuse: bool = True) -> None:
        """Have somebody take no direct messages from us."""
        self._user(user).refuses_dms = refuse

    def protect(self, user: User | str, *, protected: bool = True) -> None:
        """Have somebody show their posts to their followers only."""
        self._user(user).protected = protected

    def _photo(self, owner: User) -> Media:
        world = self.platform.world
        at = world.now()
        photo = Media(world.new_id(), owner, "tweet_image", "image/jpeg", 1000, at + _YEARS)
        world.media[photo.id] = photo
        return photo

    def _user(self, who: User | str) -> User:
        return self.user(who) if isinstance(who, str) else who
