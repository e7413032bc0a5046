// Judges the cards of Teams: adaptivecards reads each without a complaint, and complains about a broken one.
const cards = require(process.argv[1]);

function complaints(json) {
    const card = new cards.AdaptiveCard();
    const context = new cards.SerializationContext();
    card.parse(json, context);
    return { count: context.eventCount + card.validateProperties().validationEvents.length, card };
}

const calls = JSON.parse(require("fs").readFileSync(0, "utf8"));
if (calls.length !== 3) throw new Error(`${calls.length} calls`);
for (const { body } of calls) {
    const message = JSON.parse(body);
    const [attachment] = message.attachments;
    if (message.type !== "message") throw new Error(body);
    if (attachment.contentType !== "application/vnd.microsoft.card.adaptive") throw new Error(body);
    const { count, card } = complaints(attachment.content);
    if (count !== 0 || card.getItemCount() !== attachment.content.body.length) throw new Error(`${count}: ${body}`);
}
if (complaints({ type: "AdaptiveCard", version: "1.4", body: [{ type: "NoSuchBlock" }] }).count === 0) {
    throw new Error("a broken card passes");
}
